using System.Diagnostics;
using System.Globalization;
using KeyMeld.DevKit.Stack;

namespace KeyMeld.DevKit.Databases;

/// <summary>PostgreSQL's programs as Debian installs them, run as somebody who is not root.</summary>
internal sealed class PostgresPrograms
{
    private const string Versions = "/usr/lib/postgresql";
    private const int Override = 1;
    private const int ReadSearch = 2;
    private static readonly string[] Unprivileged = ["postgres", "nobody"];

    private readonly string _folder;
    private readonly string? _user;

    private PostgresPrograms(string folder, string? user) => (_folder, _user) = (folder, user);

    /// <summary>The newest version; null where there is none.</summary>
    public static PostgresPrograms? Find()
    {
        var folder = !Directory.Exists(Versions) ? null : Directory.GetDirectories(Versions)
            .Select(version => Path.Combine(version, "bin"))
            .Where(bin => File.Exists(Path.Combine(bin, "initdb")) && File.Exists(Path.Combine(bin, "postgres")))
            .MaxBy(bin => int.TryParse(Path.GetFileName(Path.GetDirectoryName(bin)), CultureInfo.InvariantCulture, out var version) ? version : 0);
        if (folder is null)
        {
            return null;
        }
        var user = Environment.IsPrivilegedProcess ? Unprivileged.First(name => File.ReadLines("/etc/passwd").Any(line => line.StartsWith(name + ":", StringComparison.Ordinal))) : null;
        return new PostgresPrograms(folder, user);
    }

    /// <summary>Makes a folder the property of who runs the server.</summary>
    public async Task GiveAsync(string folder, CancellationToken cancellationToken)
    {
        if (_user is not null)
        {
            await RunAsync(new ProcessStartInfo("chown", ["-R", _user, folder]), "chown", cancellationToken);
        }
    }

    /// <summary>Removes the folder with everything the server wrote.</summary>
    public async Task RemoveAsync(string folder)
    {
        await GiveBackAsync(folder);
        Directory.Delete(folder, recursive: true);
    }

    public Process Start(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment)
    {
        var start = Prepare(program, arguments, environment);
        return Process.Start(start) ?? throw new StackException($"{program} did not start.", "postgres");
    }

    public Task<string> RunAsync(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment, CancellationToken cancellationToken) =>
        RunAsync(Prepare(program, arguments, environment), program, cancellationToken);

    private static async Task<string> RunAsync(ProcessStartInfo start, string program, CancellationToken cancellationToken)
    {
        (start.RedirectStandardOutput, start.RedirectStandardError, start.RedirectStandardInput) = (true, true, true);
        using var process = Process.Start(start) ?? throw new StackException($"{program} did not start.", "postgres");
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var error = process.StandardError.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return process.ExitCode == 0 ? (await output).TrimEnd('\n') : throw new StackException($"{program} ended with code {process.ExitCode}: {await error}", "postgres");
    }

    private ProcessStartInfo Prepare(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment)
    {
        var path = Path.Combine(_folder, program);
        var start = _user is null
            ? new ProcessStartInfo(path, arguments)
            : As(_user, path, arguments);
        (start.RedirectStandardOutput, start.RedirectStandardError, start.WorkingDirectory) = (true, true, "/");
        start.Environment.Clear();
        start.Environment["PATH"] = Environment.GetEnvironmentVariable("PATH");
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }
        return start;
    }

    // The folder lies in folders of root's, which nobody else may pass: the server gets what it takes to come through.
    private static ProcessStartInfo As(string user, string program, IEnumerable<string> arguments) =>
        new("setpriv", [$"--reuid={user}", $"--regid={GroupOf(user)}", "--clear-groups", .. Passing(), program, .. arguments]);

    // capabilities(7); the line CapEff of proc(5).
    private static string[] Passing()
    {
        var held = Convert.ToUInt64(File.ReadLines("/proc/self/status").First(line => line.StartsWith("CapEff:", StringComparison.Ordinal))[7..].Trim(), 16);
        return (held & (1UL << ReadSearch)) != 0 ? ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
            : (held & (1UL << Override)) != 0 ? ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
            : [];
    }

    // The fourth field of passwd(5).
    private static string GroupOf(string user) => File.ReadLines("/etc/passwd").First(line => line.StartsWith(user + ":", StringComparison.Ordinal)).Split(':')[3];

    private async Task GiveBackAsync(string folder)
    {
        if (_user is not null)
        {
            await RunAsync(new ProcessStartInfo("chown", ["-R", "root", folder]), "chown", CancellationToken.None);
        }
    }
}
