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
        var lines = await RunAsync("TwoOfTwo");
        Assert.StartsWith("Bob joins 'savings': 2 of 2", lines[0], StringComparison.Ordinal);
        Assert.Matches("^bcrt1p[a-z0-9]{58}  fingerprint [0-9a-f]{40}  same for both: True$", lines[1]);
        Assert.Matches("^signature [0-9a-f]{128}  valid: True$", lines[2]);
    }

    [Fact]
    public async Task An_atomic_swap_moves_both_coins_and_the_second_is_opened_by_what_the_first_revealed()
    {
        var lines = await RunAsync("AtomicSwap");
        Assert.Matches("^both hold pre-signatures for 0[23][0-9a-f]{64}$", lines[0]);
        Assert.Equal(["blue chain: Bob's coin goes to Alice", "red chain: Alice's coin goes to Bob"], lines[1..]);
    }

    [Fact]
    public async Task The_oracles_attestation_opens_exactly_one_outcome_of_the_contract()
    {
        var lines = await RunAsync("Dlc");
        Assert.Equal(
            ["3 outcomes pre-signed, 3 splits signed", "sun: stays closed", "chain: rain: the stake goes to Bob and Carol", "chain: half each to Bob and Carol", "snow: stays closed"],
            lines);
    }

    private async Task<string[]> RunAsync(string sample)
    {
        var program = Path.Combine(Root(), "artifacts", "bin", sample, "release", $"{sample}.dll");
        var start = new ProcessStartInfo("dotnet", [program, fixture.Stack.Gateway.AbsoluteUri, fixture.Stack.Layout.RootCertificate]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal((0, ""), (process.ExitCode, errors));
        return (await output).TrimEnd().Split('\n');
    }

    private static string Root([CallerFilePath] string file = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "..", "..", ".."));
}
