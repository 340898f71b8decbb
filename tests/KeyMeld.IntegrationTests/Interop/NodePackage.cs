using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace KeyMeld.IntegrationTests.Interop;

/// <summary>tests/interop with its packages, installed once into artifacts. Without node and npm a test skips, and fails where CI=true says that they have to be there.</summary>
internal static class NodePackage
{
    private static readonly Lazy<Task<string>> Installed = new(InstallAsync);

    /// <summary>The folder with scripts and packages.</summary>
    public static async Task<string> FolderAsync()
    {
        await RequireToolsAsync();
        return await Installed.Value;
    }

    /// <summary>Skips the test where node or npm is missing.</summary>
    public static async Task RequireToolsAsync()
    {
        foreach (var tool in (string[])["node", "npm"])
        {
            if (await TryRunAsync(Path.GetTempPath(), tool, "--version") is null)
            {
                Assert.SkipUnless(Environment.GetEnvironmentVariable("CI") == "true", $"{tool} is not installed.");
                Assert.Fail($"{tool} is not installed.");
            }
        }
    }

    private static async Task<string> InstallAsync()
    {
        var source = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Here())!, "..", "..", "interop"));
        var target = Path.GetFullPath(Path.Combine(source, "..", "..", "artifacts", "interop"));
        Directory.CreateDirectory(target);
        var lockFile = Path.Combine(source, "package-lock.json");
        var installed = Path.Combine(target, "node_modules", ".package-lock.json");
        var isNew = !File.Exists(installed) || !File.Exists(Path.Combine(target, "package-lock.json"))
            || !File.ReadAllBytes(Path.Combine(target, "package-lock.json")).AsSpan().SequenceEqual(File.ReadAllBytes(lockFile));
        foreach (var file in Directory.EnumerateFiles(source))
        {
            File.Copy(file, Path.Combine(target, Path.GetFileName(file)), overwrite: true);
        }
        if (isNew)
        {
            var (exitCode, output) = (await TryRunAsync(target, Path.Combine(source, "..", "..", "eng", "again.sh"), "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"))!.Value;
            Assert.True(exitCode == 0, output);
        }
        return target;
    }

    /// <summary>Runs a program to its end; null where there is none of that name.</summary>
    public static Task<(int ExitCode, string Output)?> TryRunAsync(string folder, string name, params string[] arguments) => TryRunAsync(new ProcessStartInfo(name, arguments) { WorkingDirectory = folder });

    public static async Task<(int ExitCode, string Output)?> TryRunAsync(ProcessStartInfo start)
    {
        (start.RedirectStandardOutput, start.RedirectStandardError) = (true, true);
        using var process = new Process { StartInfo = start };
        try
        {
            process.Start();
        }
        catch (Win32Exception)
        {
            return null;
        }
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, $"{await output}\n{await error}");
    }

    private static string Here([CallerFilePath] string path = "") => path;
}
