using System.Diagnostics;
using KeyMeld.DevKit.Stack;

namespace KeyMeld.DevKit.Databases;

/// <summary>
/// A real PostgreSQL server of its own, on a unix socket; in a temporary folder that goes with it, then also on a port of this machine, or in one that stays. It ends with this object, and can be made to crash and come back.
/// </summary>
/// <remarks>PostgreSQL does not run as root: then it runs as the user <c>postgres</c>, or <c>nobody</c>.</remarks>
public sealed class PostgresServer : IAsyncDisposable
{
    private const string Superuser = "keymeld";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(180);

    private readonly PostgresPrograms _programs;
    private readonly PostgresPlace _place;
    private readonly IReadOnlyList<string> _options;
    private readonly Lock _logLock = new();
    private Process? _process;
    private TaskCompletionSource? _ready;

    private PostgresServer(PostgresPrograms programs, PostgresPlace place, IReadOnlyList<string> options) => (_programs, _place, _options) = (programs, place, options);

    /// <summary>Whether a server is installed, as Debian's package <c>postgresql</c> does.</summary>
    public static bool IsInstalled => PostgresPrograms.Find() is not null;

    /// <summary>The server's folder.</summary>
    public string Folder => _place.Folder;

    /// <summary>The folder of its unix socket, which is what a client gives as host.</summary>
    public string SocketFolder => Folder;

    /// <summary>Its port, in the name of the socket; on 127.0.0.1 too where the folder is temporary.</summary>
    public int Port => _place.Port;

    /// <summary>The superuser.</summary>
    public string User => Superuser;

    /// <summary>A file that holds the superuser's password, drawn for this server, and readable by who made it. It is nowhere else but in the file that libpq's programs read.</summary>
    public string PasswordFile => _place.PasswordFile;

    /// <summary>The process that serves, with one of its own for each connection; 0 while it is stopped.</summary>
    public int ProcessId => _process is { HasExited: false } process ? process.Id : 0;

    /// <summary>Processor time and memory of it and of those that serve its connections.</summary>
    public PostgresUse Use => PostgresUse.Of(ProcessId);

    /// <summary>Completes with the exit code when the process that serves now has ended.</summary>
    public Task<int> Exit { get; private set; } = Task.FromResult(0);

    /// <summary>Makes and starts a server in a temporary folder.</summary>
    /// <param name="options">Settings of <c>postgresql.conf</c>, as <c>name=value</c>; <c>fsync=off</c> where nothing has to survive.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="StackException">It is not installed, or did not start; the message says why.</exception>
    public static Task<PostgresServer> StartAsync(IReadOnlyList<string>? options = null, CancellationToken cancellationToken = default) =>
        StartAsync(Installed(), PostgresPlace.Temporary(), options ?? [], cancellationToken);

    /// <summary>Starts a server in a folder that stays, with what is there, or makes it.</summary>
    /// <param name="folder">The folder, which holds nothing else.</param>
    /// <param name="logFile">Where what it says is added.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="StackException">It is not installed, or did not start; the message says why.</exception>
    public static Task<PostgresServer> StartInAsync(string folder, string logFile, CancellationToken cancellationToken = default)
    {
        var (programs, place) = (Installed(), PostgresPlace.In(Path.GetFullPath(folder), logFile));
        Directory.CreateDirectory(place.Folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        place.StopOrphan();
        return StartAsync(programs, place, [], cancellationToken);
    }

    private static PostgresPrograms Installed() => PostgresPrograms.Find() ?? throw new StackException("PostgreSQL is not installed: apt-get install postgresql.", "postgres");

    private static async Task<PostgresServer> StartAsync(PostgresPrograms programs, PostgresPlace place, IReadOnlyList<string> options, CancellationToken cancellationToken)
    {
        var server = new PostgresServer(programs, place, options);
        try
        {
            await server.PrepareAsync(cancellationToken);
            await server.StartAgainAsync(cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    private async Task PrepareAsync(CancellationToken cancellationToken)
    {
        var isThere = Directory.Exists(_place.Data);
        if (!isThere || !File.Exists(_place.PassFile))
        {
            PasswordFiles.Prepare(PasswordFile, _place.PassFile, isNew: !isThere);
            await _programs.GiveAsync(Folder, cancellationToken);
        }
        if (isThere)
        {
            return;
        }
        // Whole or not at all, whenever it is interrupted.
        var half = _place.Data + ".new";
        if (Directory.Exists(half))
        {
            Directory.Delete(half, recursive: true);
        }
        await _programs.RunAsync("initdb",
            ["-D", half, "-U", User, "--pwfile", PasswordFile, "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", .. _place.IsKept ? Array.Empty<string>() : ["--no-sync"]], Environment, cancellationToken);
        Directory.Move(half, _place.Data);
    }

    /// <summary>Starts it again after <see cref="CrashAsync"/> or <see cref="StopAsync"/>, with everything that was committed.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task StartAgainAsync(CancellationToken cancellationToken = default)
    {
        if (_process is { HasExited: false })
        {
            throw new InvalidOperationException("The server runs.");
        }
        _process?.Dispose();
        _ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        string[] arguments =
        [
            "-D", _place.Data, "-k", SocketFolder, "-p", FormattableString.Invariant($"{Port}"), "-c", _place.IsKept ? "listen_addresses=" : "listen_addresses=127.0.0.1", "-c", "unix_socket_permissions=0777",
            .. _options.SelectMany(option => (string[])["-c", option]),
        ];
        _process = _programs.Start("postgres", arguments, Environment);
        _process.OutputDataReceived += (_, line) => OnLine(line.Data);
        _process.ErrorDataReceived += (_, line) => OnLine(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        Exit = ExitOfAsync(_process);
        var first = await Task.WhenAny(_ready.Task, Exit, Task.Delay(Patience, cancellationToken));
        cancellationToken.ThrowIfCancellationRequested();
        if (first != _ready.Task)
        {
            throw new StackException($"PostgreSQL did not start: {string.Join('\n', (await File.ReadAllLinesAsync(_place.LogFile, CancellationToken.None)).TakeLast(20))}", "postgres");
        }
    }

    /// <summary>Stops it at once, as a power failure would: connections break, nothing is written that was not yet, and the next start recovers.</summary>
    public Task CrashAsync() => EndAsync(StackSignals.Quit);

    /// <summary>Stops it properly; connections break.</summary>
    public Task StopAsync() => EndAsync(StackSignals.Interrupt);

    /// <summary>Makes an empty database.</summary>
    /// <param name="name">Lower-case letters, digits and underscores.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task CreateDatabaseAsync(string name, CancellationToken cancellationToken = default) => RunSqlAsync("postgres", $"CREATE DATABASE {name}", cancellationToken);

    /// <summary>Makes an empty database where it is not there.</summary>
    /// <param name="name">Lower-case letters, digits and underscores.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task EnsureDatabaseAsync(string name, CancellationToken cancellationToken = default)
    {
        if (await RunSqlAsync("postgres", $"SELECT 1 FROM pg_database WHERE datname = '{name}'", cancellationToken) == "")
        {
            await CreateDatabaseAsync(name, cancellationToken);
        }
    }

    /// <summary>A database of a server in a folder, whether it runs or not.</summary>
    /// <param name="folder">The server's.</param>
    /// <param name="database">The database.</param>
    public static StackDatabase In(string folder, string database)
    {
        var place = PostgresPlace.In(folder, "");
        return new StackDatabase(place.Folder, place.Port, database, Superuser, place.PasswordFile);
    }

    /// <summary>What a development stack is told to use one of its databases.</summary>
    /// <param name="database">One that was made.</param>
    public StackDatabase For(string database) => new(SocketFolder, Port, database, User, PasswordFile);

    /// <summary>Runs SQL as the superuser, as an operator does with <c>psql</c>.</summary>
    /// <returns>The rows: columns parted by <c>|</c>, rows by line feeds.</returns>
    /// <param name="database">Which database.</param>
    /// <param name="sql">One or more statements; several are one transaction.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="StackException">The server's error.</exception>
    public Task<string> RunSqlAsync(string database, string sql, CancellationToken cancellationToken = default) => _programs.RunAsync(
        "psql", ["-h", SocketFolder, "-p", FormattableString.Invariant($"{Port}"), "-U", User, "-d", database, "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-c", sql], Environment, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await (_place.IsKept ? StopAsync() : CrashAsync());
        _process?.Dispose();
        if (!_place.IsKept)
        {
            await _programs.RemoveAsync(Folder);
        }
    }

    private Dictionary<string, string> Environment => new() { ["LC_ALL"] = "C", ["PGPASSFILE"] = _place.PassFile, ["TZ"] = "UTC" };

    private static async Task<int> ExitOfAsync(Process process)
    {
        await process.WaitForExitAsync();
        return process.ExitCode;
    }

    private async Task EndAsync(Action<int> signal)
    {
        if (_process is { HasExited: false } process)
        {
            signal(process.Id);
            await process.WaitForExitAsync();
        }
    }

    private void OnLine(string? line)
    {
        if (line is null)
        {
            return;
        }
        lock (_logLock)
        {
            File.AppendAllText(_place.LogFile, line + "\n");
        }
        if (line.EndsWith("database system is ready to accept connections", StringComparison.Ordinal))
        {
            _ready!.TrySetResult();
        }
    }
}
