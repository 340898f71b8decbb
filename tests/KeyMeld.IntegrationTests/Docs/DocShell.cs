using System.Diagnostics;
using KeyMeld.DevKit.Stack;
using KeyMeld.IntegrationTests.Support;

namespace KeyMeld.IntegrationTests.Docs;

/// <summary>A folder in which a page's commands run as they stand: <c>./keymeld</c> is the real program, <c>data</c> the data folder of a running stack, the home is its own.</summary>
internal sealed class DocShell : IDisposable
{
    /// <summary>Where pages say that the gateway is; the test's stack listens elsewhere.</summary>
    private const string WrittenGateway = "http://127.0.0.1:8090";

    private readonly string folder = StackFixture.NewFolder("docs");
    private readonly DevelopmentStack stack;

    public DocShell(DevelopmentStack stack)
    {
        this.stack = stack;
        var program = Path.Combine(folder, "keymeld");
        File.WriteAllText(program, $"#!/bin/sh\nexec dotnet '{CliRun.Program}' \"$@\"\n");
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Directory.CreateSymbolicLink(Path.Combine(folder, "data"), stack.Layout.Data);
    }

    /// <summary>Reads every block, then runs those that run; the test fails at the first command that does not end with 0.</summary>
    /// <returns>What the commands printed.</returns>
    public async Task<string> RunAsync(DocPage page)
    {
        foreach (var block in page.Blocks)
        {
            var (code, said) = await BashAsync(block.Text, "-n");
            Assert.True(code == 0, $"{page.Name}:{block.Line} is no shell script:\n{said}");
        }
        var script = page.Script(text => text.Replace(WrittenGateway, stack.Gateway.ToString().TrimEnd('/'), StringComparison.Ordinal));
        var (exit, output) = await BashAsync(script);
        Assert.True(exit == 0, $"exit code {exit}:\n{output}");
        return output;
    }

    public void Dispose()
    {
        // The link goes, the stack's folder stays.
        Directory.Delete(Path.Combine(folder, "data"));
        Directory.Delete(folder, recursive: true);
    }

    private async Task<(int Code, string Output)> BashAsync(string script, params string[] options)
    {
        var file = Path.Combine(folder, ".script");
        await File.WriteAllTextAsync(file, script, TestContext.Current.CancellationToken);
        var start = new ProcessStartInfo("bash", [.. options, file]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder };
        start.Environment["HOME"] = folder;
        start.Environment.Remove("KEYMELD_PASSPHRASE");
        start.Environment.Remove("KEYMELD_PROFILE");
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output + await errors);
    }
}
