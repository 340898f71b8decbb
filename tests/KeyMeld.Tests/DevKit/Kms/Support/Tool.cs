using System.ComponentModel;
using System.Diagnostics;

namespace KeyMeld.Tests.DevKit.Kms.Support;

/// <summary>A command-line tool as an independent witness. Where it is not installed a test skips, and fails under CI.</summary>
internal static class Tool
{
    public static async Task<string> RunAsync(string name, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string?>? environment = null)
    {
        var (exitCode, output, error) = await TryRunAsync(name, arguments, environment);
        Assert.True(exitCode == 0, error);
        return output;
    }

    public static async Task<(int ExitCode, string Output, string Error)> TryRunAsync(
        string name, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string?>? environment = null)
    {
        using var process = new Process();
        process.StartInfo = new ProcessStartInfo(name, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (variable, value) in environment ?? new Dictionary<string, string?>())
            process.StartInfo.Environment[variable] = value;
        try
        {
            process.Start();
        }
        catch (Win32Exception)
        {
            Missing(name);
        }
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output, await error);
    }

    /// <summary>Ends the test because something is not installed.</summary>
    [System.Diagnostics.CodeAnalysis.DoesNotReturn]
    public static void Missing(string name)
    {
        if (Environment.GetEnvironmentVariable("CI") == "true")
            Assert.Fail($"{name} is not installed; .ci/run installs it.");
        Assert.Skip($"{name} is not installed.");
    }
}
