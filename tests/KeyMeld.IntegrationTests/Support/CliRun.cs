using System.Diagnostics;

namespace KeyMeld.IntegrationTests.Support;

/// <summary>The real <c>keymeld</c> program, run as a user runs it, with a home of its own.</summary>
internal sealed record CliRun(int ExitCode, string Output, string Error)
{
    internal static readonly string Program = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "KeyMeld.Cli", Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)), "keymeld.dll"));

    public static Task<CliRun> OfAsync(string home, params string[] arguments) => OfAsync(home, new Dictionary<string, string>(), arguments);

    public static async Task<CliRun> OfAsync(string home, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        var start = StartOf(home, arguments);
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return new CliRun(process.ExitCode, await output, await error);
    }

    /// <summary>How the program is started, with a home of its own.</summary>
    public static ProcessStartInfo StartOf(string home, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Program, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = home,
        };
        start.Environment["HOME"] = home;
        start.Environment.Remove("KEYMELD_PASSPHRASE");
        start.Environment.Remove("KEYMELD_PROFILE");
        return start;
    }

    /// <summary>Exit code 0, or the test fails with what the program said.</summary>
    public CliRun Succeeds()
    {
        Assert.True(ExitCode == 0, $"exit code {ExitCode}\n{Output}\n{Error}");
        return this;
    }

    /// <summary>A failure with exactly this code, said on stderr.</summary>
    public void FailsWith(string code)
    {
        Assert.NotEqual(0, ExitCode);
        Assert.Contains($"error {code}:", Error, StringComparison.Ordinal);
    }

    /// <summary>The string member of the JSON line that has it.</summary>
    public string Json(string member)
    {
        foreach (var line in Output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            using var document = System.Text.Json.JsonDocument.Parse(line);
            if (document.RootElement.TryGetProperty(member, out var value))
            {
                return value.ValueKind == System.Text.Json.JsonValueKind.String ? value.GetString()! : value.GetRawText();
            }
        }
        throw new Xunit.Sdk.XunitException($"No line of the output has {member}:\n{Output}");
    }
}
