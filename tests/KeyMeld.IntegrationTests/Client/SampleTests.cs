using System.Diagnostics;
using System.Runtime.CompilerServices;
using KeyMeld.IntegrationTests.Support;

namespace KeyMeld.IntegrationTests.Client;

/// <summary>What the samples folder shows does what it says, against real processes.</summary>
public class SampleTests(StackFixture fixture)
{
    [Fact]
    public async Task Two_of_two_signs_and_is_under_sixty_lines()
    {
        var source = Path.Combine(Root(), "samples", "TwoOfTwo", "Program.cs");
        Assert.True(File.ReadLines(source).Count() < 60);
        var program = Path.Combine(Root(), "artifacts", "bin", "TwoOfTwo", "release", "TwoOfTwo.dll");
        var start = new ProcessStartInfo("dotnet", [program, fixture.Stack.Gateway.AbsoluteUri, fixture.Stack.Layout.RootCertificate]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal((0, ""), (process.ExitCode, errors));
        var lines = (await output).TrimEnd().Split('\n');
        Assert.StartsWith("Bob joins 'savings': 2 of 2", lines[0], StringComparison.Ordinal);
        Assert.Matches("^bcrt1p[a-z0-9]{58}  fingerprint [0-9a-f]{40}  same for both: True$", lines[1]);
        Assert.Matches("^signature [0-9a-f]{128}  valid: True$", lines[2]);
    }

    private static string Root([CallerFilePath] string file = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "..", "..", ".."));
}
