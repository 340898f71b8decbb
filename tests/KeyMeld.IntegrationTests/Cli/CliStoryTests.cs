using System.Text.Json;
using KeyMeld.IntegrationTests.Support;

namespace KeyMeld.IntegrationTests.Cli;

/// <summary>The user's own commands, as three users would type them, each with a home of its own.</summary>
public sealed class CliStoryTests(StackFixture fixture) : IDisposable
{
    private readonly string alice = StackFixture.NewFolder("alice");
    private readonly string bob = StackFixture.NewFolder("bob");

    public void Dispose()
    {
        Directory.Delete(alice, recursive: true);
        Directory.Delete(bob, recursive: true);
    }

    [Fact]
    public async Task Two_people_form_a_group_sign_a_batch_and_verify_it_offline()
    {
        string[] connect = ["--gateway", fixture.Stack.Gateway.ToString(), "--insecure-development", fixture.Stack.Layout.RootCertificate];
        var created = (await CliRun.OfAsync(alice, ["group", "create", "--label", "savings", "--member", "bob", .. connect, "--json"])).Succeeds();
        var invitation = JsonDocument.Parse(created.Json("invitations")).RootElement[0].GetProperty("invitation").GetString()!;

        var joined = (await CliRun.OfAsync(bob, ["group", "join", invitation, "--yes", .. connect, "--json"])).Succeeds();
        Assert.Contains(joined.Json("state"), (string[])["joining", "formed"]);
        var seenByAlice = (await CliRun.OfAsync(alice, "group", "show", "savings", "--wait", "300", "--json")).Succeeds();
        var seenByBob = (await CliRun.OfAsync(bob, "group", "show", "savings", "--compare", seenByAlice.Json("roster"), "--json")).Succeeds();
        Assert.Equal(seenByAlice.Json("output_key"), seenByBob.Json("output_key"));
        Assert.Equal(40, seenByBob.Json("fingerprint").Length);

        await File.WriteAllTextAsync(Path.Combine(alice, "order.txt"), "pay the rent\n", TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(Path.Combine(alice, "large.bin"), new byte[70_000], TestContext.Current.CancellationToken);
        var requested = (await CliRun.OfAsync(alice, "sign", "--group", "savings", "--file", "order.txt", "--file", "large.bin", "--wait", "0", "--json")).Succeeds();
        Assert.Equal("waiting", requested.Json("state"));
        var signing = requested.Json("signing");

        (await CliRun.OfAsync(bob, "approve", signing, "--yes")).FailsWith("opaque_message");
        File.Copy(Path.Combine(alice, "large.bin"), Path.Combine(bob, "copy.bin"));
        (await CliRun.OfAsync(bob, "approve", signing, "--yes", "--file", "copy.bin", "--wait", "300")).Succeeds();

        var shown = (await CliRun.OfAsync(alice, "signing", "show", signing, "--wait", "300", "--out", "signatures", "--json")).Succeeds();
        Assert.Equal("completed", shown.Json("state"));
        (await CliRun.OfAsync(alice, "verify", "--key", seenByAlice.Json("output_key"), "--file", "order.txt", "--signature", Path.Combine("signatures", "order.txt.sig"))).Succeeds();
        (await CliRun.OfAsync(alice, "verify", "--key", seenByAlice.Json("output_key"), "--file", "large.bin", "--signature", Path.Combine("signatures", "order.txt.sig"))).FailsWith("signature_invalid");
        (await CliRun.OfAsync(alice, "identity", "verify")).Succeeds();
        (await CliRun.OfAsync(alice, "identity", "show")).Succeeds();
        (await CliRun.OfAsync(alice, "status", "--gateway", fixture.Stack.Gateway.ToString())).Succeeds();
    }

    [Fact]
    public async Task A_rejected_request_ends_and_says_so()
    {
        string[] connect = ["--gateway", fixture.Stack.Gateway.ToString(), "--insecure-development", fixture.Stack.Layout.RootCertificate];
        var created = (await CliRun.OfAsync(alice, ["group", "create", "--label", "rejecting", "--member", "bob", "--out", "letters", .. connect, "--json"])).Succeeds();
        var letter = Path.Combine(alice, JsonDocument.Parse(created.Json("invitations")).RootElement[0].GetProperty("file").GetString()!);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(letter));
        (await CliRun.OfAsync(bob, ["group", "join", letter, "--yes", .. connect])).Succeeds();
        (await CliRun.OfAsync(alice, "group", "show", "rejecting", "--wait", "300")).Succeeds();

        var hash = new string('a', 64);
        var signing = (await CliRun.OfAsync(alice, "sign", "--group", "rejecting", "--hash", hash, "--wait", "0", "--json")).Succeeds().Json("signing");
        (await CliRun.OfAsync(bob, "reject", signing, "--yes")).Succeeds();
        (await CliRun.OfAsync(alice, "signing", "show", signing, "--wait", "10")).FailsWith("rejected");
    }

    [Fact]
    public async Task A_profile_under_a_passphrase_opens_only_with_it()
    {
        string[] connect = ["--gateway", fixture.Stack.Gateway.ToString(), "--insecure-development", fixture.Stack.Layout.RootCertificate];
        var passphrase = new Dictionary<string, string> { ["KEYMELD_PASSPHRASE"] = "correct horse" };
        (await CliRun.OfAsync(alice, passphrase, ["identity", "verify", .. connect])).Succeeds();
        (await CliRun.OfAsync(alice, passphrase, ["group", "show"])).Succeeds();
        (await CliRun.OfAsync(alice, new Dictionary<string, string> { ["KEYMELD_PASSPHRASE"] = "wrong" }, "group", "show")).FailsWith("passphrase_wrong");
        (await CliRun.OfAsync(alice, "group", "show")).FailsWith("passphrase_wrong");
    }
}
