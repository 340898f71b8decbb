using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Http;
using KeyMeld.Tests.Gateway.OpenApi;
using KeyMeld.Tests.Gateway.Support;

namespace KeyMeld.Tests.Gateway.Fuzzing;

/// <summary>
/// Drives every call of the OpenAPI document of a real gateway with real HTTP, good input and bad. <c>KEYMELD_FUZZ_CASES</c> (calls of each operation) and <c>KEYMELD_FUZZ_SEED</c> make it longer and other.
/// </summary>
public sealed class EndpointFuzzTests
{
    private const string Token = "operator-token-of-the-fuzzer";

    // What routing and the server itself answer, whatever the path was meant to be.
    private static readonly HashSet<string> OfThePath = [ErrorCodes.NotFound, ErrorCodes.MethodNotAllowed, ErrorCodes.BadRequest];

    // Not HTTP to the server at all: it hangs up before anything of ours sees it.
    private static readonly HashSet<int> OfTheServer = [400, 405, 408, 411, 413, 414, 417, 431, 501, 505];

    private static int Cases => int.Parse(Environment.GetEnvironmentVariable("KEYMELD_FUZZ_CASES") ?? "120", CultureInfo.InvariantCulture);

    private static int Seed => int.Parse(Environment.GetEnvironmentVariable("KEYMELD_FUZZ_SEED") ?? "20261126", CultureInfo.InvariantCulture);

    [Fact]
    public async Task N04_whatever_is_sent_to_any_endpoint_is_answered_as_documented_and_honest_users_are_served_after()
    {
        var settings = TestGateway.Unhurried();
        settings["KEYMELD__OPERATOR__TOKEN_SHA256"] = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Token)));
        await using var gateway = await TestGateway.StartAsync(overrides: settings);
        var seeds = await Seeds.MakeAsync(gateway);
        var seen = new Dictionary<string, HashSet<int>>();
        foreach (var call in ApiDocument.Committed.Calls)
        {
            // Of its own, so that a call found once is found again whatever else the document has.
            var fuzzer = new EndpointFuzzer(ApiDocument.Committed, seeds, Token, new Random(Seed + call.Id.Sum(letter => letter)));
            for (var i = 0; i < Cases; i++)
            {
                await CheckAsync(gateway, fuzzer.Draw(call), seen);
            }
            // Half the fleet dies in the middle of it.
            if (call.Id == "requestSigning")
            {
                await gateway.Enclaves[1].CrashAsync();
            }
        }
        await HonestAsync(gateway, seeds);
        Assert.All(ApiDocument.Committed.Calls, call => Assert.NotEmpty(seen[call.Id]));
    }

    private static async Task CheckAsync(TestGateway gateway, RawCall sent, Dictionary<string, HashSet<int>> seen)
    {
        var answer = await sent.SendAsync(gateway.Http.BaseAddress!, TestContext.Current.CancellationToken);
        Assert.True(answer.Status < 500 || answer.Status == 503, $"{answer.Status} to\n{sent}\n{Encoding.UTF8.GetString(answer.Body)}");
        if (ApiDocument.Committed.Find(sent.Method, sent.Target) is { } call && answer.Headers.ContainsKey("X-Request-Id"))
        {
            seen.TryAdd(call.Id, []);
            seen[call.Id].Add(answer.Status);
            var complaint = ApiDocument.Committed.Complaint(call, answer.Status, answer.MediaType, answer.Body, sent.Method == "HEAD");
            Assert.True(complaint is null || IsOfThePath(sent, answer), $"{complaint}\nto\n{sent}");
            return;
        }
        Assert.True(IsOfThePath(sent, answer), $"{answer.Status} {Encoding.UTF8.GetString(answer.Body)} to\n{sent}");
    }

    private static bool IsOfThePath(RawCall sent, RawAnswer answer) => answer.MediaType switch
    {
        "application/problem+json" => sent.Method == "HEAD" || OfThePath.Contains(System.Text.Json.JsonSerializer.Deserialize(answer.Body, ProtocolJson.Default.ProblemJson)!.Code),
        null => answer.Body.Length == 0 && (OfTheServer.Contains(answer.Status) || (answer.Status == 204 && answer.Headers.ContainsKey("Allow"))),
        _ => answer.Status == 200 && ApiDocument.Committed.Find(sent.Method, sent.Target) is null,
    };

    private static async Task HonestAsync(TestGateway gateway, Seeds seeds)
    {
        await gateway.Enclaves[1].StartAsync();
        await gateway.Parts.Fleet.Get(1).WhenReadyAgainAsync(TestContext.Current.CancellationToken);
        Assert.Equal("completed", (await seeds.Signing.ShowAsync()).State);
        Assert.Equal("completed", (await new TestSigning(seeds.Group).SignAsync()).State);
        var key = new TestKey(gateway);
        await key.AddAsync();
        Assert.Equal(HttpStatusCode.OK, (await key.SignAsync()).Status);
        Assert.Equal("formed", await (await TestGroup.FormAsync(gateway)).StateAsync());
    }
}
