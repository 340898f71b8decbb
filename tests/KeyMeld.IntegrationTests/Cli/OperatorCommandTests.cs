using System.Security.Cryptography;
using System.Text;
using KeyMeld.DevKit.Stack;
using KeyMeld.IntegrationTests.Support;

namespace KeyMeld.IntegrationTests.Cli;

/// <summary>How an operator comes by a token.</summary>
public sealed class OperatorCommandTests : IDisposable
{
    private readonly string home = StackFixture.NewFolder("operator");

    public void Dispose() => Directory.Delete(home, recursive: true);

    [Fact]
    public async Task An_enclave_that_is_gone_for_good_is_retired_and_status_says_so()
    {
        var cancel = TestContext.Current.CancellationToken;
        var options = new StackOptions { DataDirectory = StackFixture.NewFolder("retire"), Port = StackFixture.FreePort(), KmsPort = StackFixture.FreePort(), Enclaves = 2 };
        await using (var both = await DevelopmentStack.StartAsync(options, null, cancel))
        {
            await both.ReadyAsync();
            (await CliRun.OfAsync(home, ["enclave", "retire", "--enclave", "1", .. Operator(both)])).FailsWith("enclave_in_use");
        }
        await using (var one = await DevelopmentStack.StartAsync(options with { Enclaves = 1 }, null, cancel))
        {
            await one.ReadyAsync();
            string[] status = ["status", "--gateway", one.Gateway.ToString(), "--json"];
            Assert.DoesNotContain("retired", (await CliRun.OfAsync(home, status)).Succeeds().Output, StringComparison.Ordinal);
            Assert.Contains("Dry run", (await CliRun.OfAsync(home, ["enclave", "retire", "--enclave", "1", "--dry-run", .. Operator(one)])).Succeeds().Output, StringComparison.Ordinal);
            var done = (await CliRun.OfAsync(home, ["enclave", "retire", "--enclave", "1", "--json", .. Operator(one)])).Succeeds();
            Assert.Equal("true", done.Json("retired"));
            Assert.Contains("\"retired\"", (await CliRun.OfAsync(home, status)).Succeeds().Output, StringComparison.Ordinal);
            (await CliRun.OfAsync(home, ["enclave", "retire", "--enclave", "1", "--undo", .. Operator(one)])).Succeeds();
            Assert.DoesNotContain("retired", (await CliRun.OfAsync(home, status)).Succeeds().Output, StringComparison.Ordinal);
        }
        Directory.Delete(options.DataDirectory, recursive: true);

        static string[] Operator(DevelopmentStack stack) => ["--gateway", stack.Gateway.ToString(), "--operator-token", stack.Layout.OperatorToken];
    }

    [Fact]
    public async Task A_token_is_shown_once_or_kept_in_a_file_and_the_gateway_is_given_its_hash()
    {
        var shown = (await CliRun.OfAsync(home, "operator", "token", "--json")).Succeeds();
        Assert.Equal(64, shown.Json("token").Length);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(shown.Json("token")))), shown.Json("token_sha256"));

        var kept = (await CliRun.OfAsync(home, "operator", "token", "--out", "operator.token", "--json")).Succeeds();
        var file = Path.Combine(home, "operator.token");
        var token = (await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken)).Trim();
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.DoesNotContain(token, kept.Output, StringComparison.Ordinal);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(token))), kept.Json("token_sha256"));
        Assert.NotEqual(shown.Json("token"), token);

        // A token that is there is not written over.
        Assert.NotEqual(0, (await CliRun.OfAsync(home, "operator", "token", "--out", "operator.token")).ExitCode);
        Assert.Equal(token, (await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken)).Trim());
    }
}
