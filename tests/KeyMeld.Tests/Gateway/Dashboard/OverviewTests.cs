using System.Net;
using System.Text;
using System.Text.Json;
using KeyMeld.Protocol.Errors;
using KeyMeld.Tests.Attestation.Mock;
using KeyMeld.Tests.Gateway.Support;

namespace KeyMeld.Tests.Gateway.Dashboard;

/// <summary>What an operator is told, by a real gateway with fake enclaves.</summary>
public class OverviewTests
{
    private const string Path = "/api/v1/operator/overview";

    [Fact]
    public async Task A_token_that_is_not_the_operators_shows_nothing()
    {
        await using var gateway = await TestGateway.StartAsync(overrides: OperatorCalls.Settings());
        (await gateway.AskAsync(Path, "another token")).IsProblem(HttpStatusCode.Unauthorized, ErrorCodes.Unauthorized);
        (await gateway.AskAsync("/api/v1/operator/events", "another token")).IsProblem(HttpStatusCode.Unauthorized, ErrorCodes.Unauthorized);
        (await gateway.AskAsync(Path + "?a=b")).IsProblem(HttpStatusCode.BadRequest, ErrorCodes.BadRequest);
        Assert.Equal(2, (await gateway.OverviewAsync()).GetProperty("enclaves").GetArrayLength());
    }

    [Fact]
    public async Task A_signing_shows_for_whom_it_waits_then_at_which_enclave_then_in_the_last_hour()
    {
        await using var gateway = await TestGateway.StartAsync(overrides: OperatorCalls.Settings());
        var group = await TestGroup.FormAsync(gateway, members: 2, approvals: [true, true]);
        var signing = new TestSigning(group, by: 0);
        await signing.SignAsync(prefer: null);

        var waiting = await gateway.OverviewAsync(now => now.GetProperty("signings").GetProperty("waiting").GetInt32() == 1);
        var row = Assert.Single(waiting.GetProperty("signings").GetProperty("nearest").EnumerateArray());
        Assert.Equal((signing.Digest.ToString(), "waiting", "approval"), (row.GetProperty("id").GetString(), row.GetProperty("state").GetString(), row.GetProperty("step").GetString()));
        var person = Assert.Single(row.GetProperty("needs").GetProperty("signers").EnumerateArray());
        Assert.Equal((1, group.Manifest.Value.Participants[1].User.ToString()), (person.GetProperty("participant").GetInt32(), person.GetProperty("user").GetString()));
        Assert.Equal((signing.Request.Value.Created, signing.Request.Value.Expires), (row.GetProperty("created").GetInt64(), row.GetProperty("expires").GetInt64()));

        var held = new TaskCompletionSource();
        gateway.Enclaves[1].Before = (call, _) => call == "Sign" ? held.Task : Task.CompletedTask;
        await signing.DecideAsync(1);
        var running = await gateway.OverviewAsync(now => now.GetProperty("signings").GetProperty("nearest") is { } rows && rows.GetArrayLength() == 1
            && rows[0].GetProperty("step").GetString() == "round2" && rows[0].GetProperty("needs").GetProperty("enclaves").GetArrayLength() == 1);
        Assert.Equal([1], running.GetProperty("signings").GetProperty("nearest")[0].GetProperty("needs").GetProperty("enclaves").Numbers());

        held.SetResult();
        var over = await gateway.OverviewAsync(now => now.GetProperty("signings").GetProperty("nearest").GetArrayLength() == 0);
        Assert.Equal(1, over.GetProperty("last_hour").GetProperty("minutes").EnumerateArray().Sum(minute => minute.GetProperty("signed").GetInt64()));
        Assert.Equal(1, over.GetProperty("last_hour").GetProperty("total").GetProperty("count").GetInt64());
        Assert.Contains("round2", over.GetProperty("last_hour").GetProperty("steps").Texts("step"));
    }

    [Fact]
    public async Task A_signing_whose_enclave_is_away_says_so_and_what_to_do()
    {
        await using var gateway = await TestGateway.StartAsync(overrides: OperatorCalls.Settings());
        var group = await TestGroup.FormAsync(gateway);
        await gateway.Enclaves[1].CrashAsync();
        await new TestSigning(group).SignAsync(prefer: null);

        var overview = await gateway.OverviewAsync(now => now.GetProperty("signings").GetProperty("nearest") is { } rows && rows.GetArrayLength() == 1 && rows[0].GetProperty("step").GetString() == "away");
        var row = overview.GetProperty("signings").GetProperty("nearest")[0];
        Assert.Equal([1], row.GetProperty("needs").GetProperty("enclaves").Numbers());
        Assert.Equal((ErrorCodes.EnclaveUnreachable, ErrorCodes.Get(ErrorCodes.EnclaveUnreachable).Action), (row.GetProperty("trouble").GetString(), row.GetProperty("advice").GetString()));
        var enclave = overview.GetProperty("enclaves")[1];
        Assert.Equal(("unreachable", ErrorCodes.Get(ErrorCodes.EnclaveUnreachable).Action), (enclave.GetProperty("state").GetString(), enclave.GetProperty("advice").GetString()));
        var failure = overview.GetProperty("failures")[0];
        Assert.Equal(("enclave", ErrorCodes.EnclaveUnreachable, 1), (failure.GetProperty("of").GetString(), failure.GetProperty("code").GetString(), failure.GetProperty("enclave").GetInt32()));
    }

    [Fact]
    public async Task A_group_that_is_joining_shows_who_is_missing()
    {
        await using var gateway = await TestGateway.StartAsync(overrides: OperatorCalls.Settings());
        var group = TestGroup.Make(gateway, members: 3);
        await group.CreateAsync();
        await group.JoinAsync(1);

        var groups = (await gateway.OverviewAsync(now => now.GetProperty("groups").GetProperty("joining").GetInt32() == 1 && now.GetProperty("groups").GetProperty("newest")[0].GetProperty("joined").GetInt32() == 1)).GetProperty("groups");
        var row = groups.GetProperty("newest")[0];
        Assert.Equal((group.Hash.ToString(), 3), (row.GetProperty("id").GetString(), row.GetProperty("participants").GetInt32()));
        Assert.Equal([0, 2], row.GetProperty("missing").EnumerateArray().Select(person => person.GetProperty("participant").GetInt32()));
    }

    [Fact]
    public async Task An_enclave_that_cannot_prove_what_it_is_is_shown_as_that()
    {
        var root = System.IO.Path.Combine(Directory.CreateTempSubdirectory("keymeld-").FullName, "root.pem");
        await File.WriteAllTextAsync(root, MockNitro.Right.Root.Certificate.ExportCertificatePem(), TestContext.Current.CancellationToken);
        // A fake enclave attests with bytes that are no document.
        await using var gateway = await TestGateway.StartAsync(enclaves: 1, overrides: OperatorCalls.Settings(("KEYMELD__ATTESTATION__DEVELOPMENT_ROOT", root)));

        var overview = await gateway.OverviewAsync(now => now.GetProperty("enclaves")[0].GetProperty("attestation").GetProperty("verdict").GetString() != "unchecked");
        var attestation = overview.GetProperty("enclaves")[0].GetProperty("attestation");
        Assert.Equal("refused", attestation.GetProperty("verdict").GetString());
        Assert.False(string.IsNullOrEmpty(attestation.GetProperty("detail").GetString()));
        Assert.Equal("ready", overview.GetProperty("enclaves")[0].GetProperty("state").GetString());
        Directory.Delete(System.IO.Path.GetDirectoryName(root)!, recursive: true);
    }

    [Fact]
    public async Task G12_nothing_that_was_posted_or_answered_is_in_the_overview_but_ids()
    {
        await using var gateway = await TestGateway.StartAsync(overrides: OperatorCalls.Settings());
        var group = await TestGroup.FormAsync(gateway, members: 2, approvals: [true, true]);
        var waiting = new TestSigning(group, by: 0);
        await waiting.SignAsync(prefer: null);
        await gateway.OverviewAsync(now => now.GetProperty("signings").GetProperty("waiting").GetInt32() == 1);
        var text = Encoding.UTF8.GetString((await gateway.AskAsync(Path)).Body);

        List<byte[]> seen = [waiting.Items, group.Terms, .. group.SessionSecrets, .. group.Envelopes, waiting.Request.Bytes.ToArray(), waiting.Request.Signatures[0].Bytes.ToArray(), group.Manifest.Bytes.ToArray(),
            .. group.Auths.Select(key => key.XOnlyPublicKey.Bytes.ToArray()), .. group.Registrations.Select(registration => registration.Value.MemberKey.ToArray())];
        Assert.Contains(waiting.Digest.ToString(), text, StringComparison.Ordinal);
        Assert.All(seen, bytes =>
        {
            Assert.DoesNotContain(Convert.ToHexStringLower(bytes), text, StringComparison.Ordinal);
            Assert.DoesNotContain(Convert.ToBase64String(bytes), text, StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task Events_begin_with_everything_and_go_on_with_what_changed()
    {
        await using var gateway = await TestGateway.StartAsync(overrides: OperatorCalls.Settings());
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/operator/events");
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + OperatorCalls.Token);
        using var response = await gateway.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        var (name, overview) = await NextAsync(reader);
        Assert.Equal("overview", name);
        Assert.Equal(["now", "gateway", "enclaves", "signings", "groups", "last_hour", "failures"], overview.EnumerateObject().Select(member => member.Name));

        await TestGroup.Make(gateway).CreateAsync();

        JsonElement change;
        do
        {
            (name, change) = await NextAsync(reader);
            Assert.Equal("change", name);
            Assert.False(change.TryGetProperty("now", out _));
        }
        while (!change.TryGetProperty("groups", out _));
        Assert.Equal(1, change.GetProperty("groups").GetProperty("joining").GetInt32());
        Assert.False(change.TryGetProperty("gateway", out _));
    }

    private static async Task<(string Name, JsonElement Data)> NextAsync(StreamReader reader)
    {
        string? name = null;
        while (await reader.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            if (line.StartsWith("event: ", StringComparison.Ordinal))
            {
                name = line[7..];
            }
            else if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                return (name!, JsonDocument.Parse(line[6..]).RootElement);
            }
        }
        throw new EndOfStreamException();
    }
}
