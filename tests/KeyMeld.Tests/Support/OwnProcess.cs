using System.Diagnostics;

namespace KeyMeld.Tests.Support;

/// <summary>
/// A test that weighs the heap needs one that nobody else uses: what earlier tests left behind, or timers still let go of, would be weighed with it.
/// Its first line is <c>if (await OwnProcess.RanAsync()) { return; }</c>: the test runs in a process of its own, and its verdict is the test's.
/// </summary>
internal static class OwnProcess
{
    private const string Alone = "KEYMELD_TEST_ALONE";

    /// <summary>Only a guard against hanging.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <returns>True once the running test has passed in its own process; false in that process, where it is to do its work.</returns>
    public static async Task<bool> RanAsync()
    {
        if (Environment.GetEnvironmentVariable(Alone) is not null)
        {
            return false;
        }
        var method = TestContext.Current.TestMethod!;
        var name = $"{method.TestClass.TestClassName}.{method.MethodName}";
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "KeyMeld.Tests"), ["-method", name, "-noColor"]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment[Alone] = "1";
        using var process = Process.Start(start)!;
        try
        {
            var texts = Task.WhenAll(process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
            var output = string.Concat(await texts.WaitAsync(Patience, TestContext.Current.CancellationToken));
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.True(process.ExitCode == 0 && output.Contains("Total: 1, Errors: 0, Failed: 0, Skipped: 0, Not Run: 0", StringComparison.Ordinal), output);
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }
        return true;
    }
}
