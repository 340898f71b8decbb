using System.Text.Json;
using KeyMeld.IntegrationTests.Support;

namespace KeyMeld.IntegrationTests.Cli;

/// <summary><c>keymeld cosign</c>, as somebody runs it who keeps the key at home.</summary>
public sealed class CoSignTests(StackFixture fixture) : IDisposable
{
    private readonly string _alice = StackFixture.NewFolder("alice");
    private readonly string _bob = StackFixture.NewFolder("bob");

    private string[] Connect => ["--gateway", fixture.Stack.Gateway.ToString(), "--insecure-development", fixture.Stack.Layout.RootCertificate];

    public void Dispose()
    {
        Directory.Delete(_alice, recursive: true);
        Directory.Delete(_bob, recursive: true);
    }

    [Fact]
    public async Task It_runs_until_Ctrl_C_and_signs_what_is_approved_meanwhile()
    {
        var group = await FormAsync("cosigned");
        await using var cosign = CliProcess.Start(_bob, "cosign");
        await cosign.SaysAsync("Ctrl-C ends");
        (await CliRun.OfAsync(_bob, "cosign")).FailsWith("conflict");

        var signing = await RequestAsync("cosigned");
        (await CliRun.OfAsync(_bob, "approve", signing, "--yes", "--wait", "300")).Succeeds();
        await cosign.SaysAsync("partial signatures sent");
        await cosign.SaysAsync("completed");
        var shown = (await CliRun.OfAsync(_alice, "signing", "show", signing, "--wait", "300", "--out", "signatures", "--json")).Succeeds();
        Assert.Equal("completed", shown.Json("state"));
        (await CliRun.OfAsync(_alice, "verify", "--key", group, "--file", "order.txt", "--signature", Path.Combine("signatures", "order.txt.sig"))).Succeeds();

        Assert.Equal(0, await cosign.InterruptAsync());
        // The lock went with the process; the profile keeps the key, and what nobody approved is not signed.
        var other = await RequestAsync("cosigned");
        (await CliRun.OfAsync(_bob, "approve", other, "--yes", "--wait", "0")).Succeeds();
        (await CliRun.OfAsync(_bob, "cosign", other, "--once")).Succeeds();
    }

    [Fact]
    public async Task Who_is_hosted_by_an_enclave_has_nothing_to_sign_here()
    {
        await FormAsync("hosted");
        var signing = await RequestAsync("hosted");
        (await CliRun.OfAsync(_alice, "cosign", signing, "--once")).FailsWith("bad_request");
        (await CliRun.OfAsync(_alice, "cosign", "--group", "hosted")).FailsWith("bad_request");
        (await CliRun.OfAsync(_bob, "cosign", "--once")).FailsWith("bad_request");
        (await CliRun.OfAsync(_bob, "cosign", "keymeldsign1.nonsense")).FailsWith("bad_request");
    }

    // The output key.
    private async Task<string> FormAsync(string label)
    {
        var created = (await CliRun.OfAsync(_alice, ["group", "create", "--label", label, "--member", "bob@home", .. Connect, "--json"])).Succeeds();
        var invitation = JsonDocument.Parse(created.Json("invitations")).RootElement[0].GetProperty("invitation").GetString()!;
        var joined = (await CliRun.OfAsync(_bob, ["group", "join", invitation, "--yes", .. Connect])).Succeeds();
        Assert.Contains("keymeld cosign", joined.Output, StringComparison.Ordinal);
        var shown = (await CliRun.OfAsync(_alice, "group", "show", label, "--wait", "300", "--json")).Succeeds();
        (await CliRun.OfAsync(_bob, "group", "show", label, "--wait", "300")).Succeeds();
        return shown.Json("output_key");
    }

    private async Task<string> RequestAsync(string label)
    {
        await File.WriteAllTextAsync(Path.Combine(_alice, "order.txt"), $"pay the rent, {DateTimeOffset.UtcNow.Ticks}\n", TestContext.Current.CancellationToken);
        return (await CliRun.OfAsync(_alice, "sign", "--group", label, "--file", "order.txt", "--wait", "0", "--json")).Succeeds().Json("signing");
    }
}
