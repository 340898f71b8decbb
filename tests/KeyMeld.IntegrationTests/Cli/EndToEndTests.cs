using KeyMeld.IntegrationTests.Support;

namespace KeyMeld.IntegrationTests.Cli;

/// <summary><c>keymeld test-kms-e2e</c> as an operator runs it, with attestation and without.</summary>
public class EndToEndTests
{
    [Theory]
    [InlineData(false, 13)]
    [InlineData(true, 13)]
    public async Task The_end_to_end_kms_check_passes(bool plain, int checks)
    {
        var home = StackFixture.NewFolder("e2e");
        var run = (await CliRun.OfAsync(home, ["test-kms-e2e", "--data", Path.Combine(home, "d"), "--json", .. plain ? ["--plain"] : Array.Empty<string>()])).Succeeds();
        Assert.Equal(checks, run.Output.Split('\n').Count(line => line.Contains("\"result\":\"pass\"", StringComparison.Ordinal)));
        Directory.Delete(home, recursive: true);
    }
}
