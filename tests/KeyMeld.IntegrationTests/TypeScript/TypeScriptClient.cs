using System.Diagnostics;
using System.Runtime.CompilerServices;
using KeyMeld.IntegrationTests.Interop;

namespace KeyMeld.IntegrationTests.TypeScript;

/// <summary>clients/typescript, built once. Without node and npm a test skips, and fails where CI=true says that they have to be there.</summary>
internal static class TypeScriptClient
{
    private static readonly Lazy<Task> Built = new(BuildAsync);

    /// <summary>The package's folder.</summary>
    public static string Folder => Path.Combine(Root(), "clients", "typescript");

    /// <summary>A compiled script of the package's tests or samples.</summary>
    public static async Task<string> ScriptAsync(string path)
    {
        await NodePackage.RequireToolsAsync();
        await Built.Value;
        return Path.Combine(Folder, "build", path);
    }

    /// <summary>Runs a script to its end and returns what it wrote; anything but exit code 0 fails the test.</summary>
    public static async Task<string> RunAsync(string[] arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo("node", arguments) { WorkingDirectory = Folder };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }
        var (exitCode, output) = (await NodePackage.TryRunAsync(start))!.Value;
        Assert.True(exitCode == 0, output);
        return output;
    }

    private static async Task BuildAsync()
    {
        var (exitCode, output) = (await NodePackage.TryRunAsync(Root(), Path.Combine(Root(), "eng", "typescript.sh"), "build"))!.Value;
        Assert.True(exitCode == 0, output);
    }

    private static string Root([CallerFilePath] string path = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, "..", "..", ".."));
}
