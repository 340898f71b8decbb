using KeyMeld.Cli.Commands;
using KeyMeld.DevKit.Stack;
using KeyMeld.IntegrationTests.Support;

namespace KeyMeld.IntegrationTests.Cli;

/// <summary>Each bad input prints its own error and ends with a code other than 0.</summary>
public sealed class CliErrorTests(StackFixture fixture) : IDisposable
{
    private readonly string home = StackFixture.NewFolder("home");

    private string[] Connect => ["--gateway", fixture.Stack.Gateway.ToString(), "--insecure-development", fixture.Stack.Layout.RootCertificate];

    public void Dispose() => Directory.Delete(home, recursive: true);

    [Fact]
    public async Task A_profile_without_a_gateway_says_how_to_give_one() => (await CliRun.OfAsync(home, "group", "show")).FailsWith("profile_invalid");

    [Fact]
    public async Task A_profile_without_trust_says_how_to_give_it() => (await CliRun.OfAsync(home, "identity", "verify", "--gateway", fixture.Stack.Gateway.ToString())).FailsWith("profile_invalid");

    [Fact]
    public async Task A_development_root_is_refused_for_a_gateway_elsewhere() =>
        (await CliRun.OfAsync(home, "identity", "verify", "--gateway", "https://keymeld.example", "--insecure-development", fixture.Stack.Layout.RootCertificate)).FailsWith("gateway_insecure");

    [Fact]
    public async Task Plain_http_is_refused_for_a_gateway_elsewhere()
    {
        var release = Path.Combine(home, "release.json");
        var pcr = new string('a', 96);
        await File.WriteAllTextAsync(release, $$"""{"Measurements":{"PCR0":"{{pcr}}","PCR1":"{{pcr}}","PCR2":"{{pcr}}"},"KmsKeyArn":"arn:aws:kms:eu-central-1:111122223333:key/12345678-1234-4234-8234-123456789012"}""", TestContext.Current.CancellationToken);
        (await CliRun.OfAsync(home, "identity", "verify", "--gateway", "http://keymeld.example", "--release", release)).FailsWith("gateway_insecure");
    }

    [Fact]
    public async Task A_gateway_that_is_not_there_is_unreachable() =>
        (await CliRun.OfAsync(home, "identity", "verify", "--gateway", $"http://127.0.0.1:{StackFixture.FreePort()}", "--insecure-development", fixture.Stack.Layout.RootCertificate)).FailsWith("gateway_unreachable");

    [Theory]
    [InlineData("keymeld1.")]
    [InlineData("keymeld1.AAAA")]
    [InlineData("not an invitation")]
    public async Task A_damaged_invitation_is_named(string text) => (await CliRun.OfAsync(home, ["group", "join", text, "--yes", .. Connect])).FailsWith("invitation_invalid");

    [Fact]
    public async Task An_unknown_group_is_not_found() => (await CliRun.OfAsync(home, ["sign", "--group", "nobody", "--hash", new string('0', 64), .. Connect])).FailsWith("not_found");

    [Theory]
    [InlineData("xyz")]
    [InlineData("00")]
    public async Task A_hash_of_the_wrong_form_is_named(string hash) => (await CliRun.OfAsync(home, ["sign", "--group", "nobody", "--hash", hash, .. Connect])).FailsWith("bad_request");

    [Fact]
    public async Task Nothing_to_sign_is_named() => (await CliRun.OfAsync(home, ["sign", "--group", "nobody", .. Connect])).FailsWith("bad_request");

    [Fact]
    public async Task A_file_that_is_not_there_is_named() => (await CliRun.OfAsync(home, ["sign", "--group", "nobody", "--file", "nothing.txt", .. Connect])).FailsWith("bad_request");

    [Theory]
    [InlineData("00")]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141")]
    [InlineData("KwDiBf89QgGbjEhKnhXJuH7LrciVrZi3qYjgd9M7rFU73sVHnoWo")]
    public async Task A_key_file_that_holds_no_key_is_named(string content)
    {
        var file = Path.Combine(home, "key");
        await File.WriteAllTextAsync(file, content, TestContext.Current.CancellationToken);
        (await CliRun.OfAsync(home, ["group", "create", "--label", "x", "--member", "y", "--key", file, .. Connect])).FailsWith("key_file_invalid");
    }

    [Fact]
    public async Task A_threshold_above_the_members_is_named() =>
        (await CliRun.OfAsync(home, ["group", "create", "--label", "x", "--member", "y", "--threshold", "3", .. Connect])).FailsWith("manifest_invalid");

    [Fact]
    public async Task A_damaged_signing_reference_is_named() => (await CliRun.OfAsync(home, ["approve", "keymeldsign1.zzz", "--yes", .. Connect])).FailsWith("bad_request");

    [Fact]
    public async Task Without_a_terminal_nothing_is_confirmed()
    {
        (await CliRun.OfAsync(home, ["group", "create", "--label", "ask", "--member", "y", .. Connect])).Succeeds();
        (await CliRun.OfAsync(home, "group", "erase", "ask")).FailsWith("not_confirmed");
        (await CliRun.OfAsync(home, "group", "erase", "ask", "--yes")).Succeeds();
    }

    [Fact]
    public async Task A_signature_of_the_wrong_form_is_named() =>
        (await CliRun.OfAsync(home, "verify", "--key", "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798", "--signature", "00", "--hash", new string('0', 64))).FailsWith("signature_invalid");

    [Fact]
    public async Task Unknown_options_and_commands_fail_with_help()
    {
        var run = await CliRun.OfAsync(home, "group", "create", "--colour", "blue");
        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains("--colour", run.Error + run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_stack_in_one_data_folder_is_refused() =>
        (await CliRun.OfAsync(home, "up", "--data", fixture.Stack.Layout.Data)).FailsWith("stack_failed");

    [Fact]
    public async Task What_a_part_said_that_did_not_come_up_is_repeated()
    {
        var config = Path.Combine(home, "gateway.yaml");
        await File.WriteAllTextAsync(config, "mode: development\ncolour: blue\n", TestContext.Current.CancellationToken);

        var run = await CliRun.OfAsync(home, "up", "--data", "data", "--config", config, "--port", $"{StackFixture.FreePort()}", "--kms-port", $"{StackFixture.FreePort()}", "--enclaves", "1");

        run.FailsWith("stack_failed");
        var said = string.Join(' ', run.Error.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains("gateway ended with code 2 before it was ready. It said:", said, StringComparison.Ordinal);
        Assert.Contains("configuration_invalid:", said, StringComparison.Ordinal);
        Assert.Contains("colour", said, StringComparison.Ordinal);
        Assert.Contains("logs/gateway.log", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_status_of_the_stack_in_the_folder_is_asked_for_where_no_gateway_is_named()
    {
        var layout = new StackLayout(Path.Combine(home, "data"));
        Directory.CreateDirectory(layout.Run);
        await File.WriteAllTextAsync(UpCommand.AddressFile(layout), fixture.Stack.Gateway.AbsoluteUri, TestContext.Current.CancellationToken);

        var run = (await CliRun.OfAsync(home, "status")).Succeeds();
        Assert.Contains($"gateway {fixture.Stack.Gateway} answers; 3 of 3 enclaves are ready", string.Join(' ', run.Output.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
        var nobody = $"http://127.0.0.1:{StackFixture.FreePort()}/";
        // Who is named goes before it, and what is in the file is what is asked.
        (await CliRun.OfAsync(home, "status", "--gateway", nobody)).FailsWith("gateway_unreachable");
        await File.WriteAllTextAsync(UpCommand.AddressFile(layout), nobody, TestContext.Current.CancellationToken);
        (await CliRun.OfAsync(home, "status")).FailsWith("gateway_unreachable");
    }

    [Fact]
    public async Task Errors_are_json_for_machines()
    {
        var run = await CliRun.OfAsync(home, "group", "show", "--json");
        Assert.Equal(1, run.ExitCode);
        using var error = System.Text.Json.JsonDocument.Parse(run.Output);
        Assert.Equal("profile_invalid", error.RootElement.GetProperty("error").GetProperty("code").GetString());
    }
}
