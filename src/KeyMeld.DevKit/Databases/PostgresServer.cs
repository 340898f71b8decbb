using System.Diagnostics;
using KeyMeld.DevKit.Stack;

namespace KeyMeld.DevKit.Databases;

/// <summary>
/// A real PostgreSQL server of its own, in a temporary folder, on a unix socket and on a port of this machine. It ends with this object, and can be made to crash and come back.
/// </summary>
/// <remarks>PostgreSQL does not run as root: then it runs as the user <c>postgres</c>, or <c>nobody</c>.</remarks>
public sealed class PostgresServer : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly PostgresPrograms _programs;
    private readonly IReadOnlyList<string> _options;
    private Process? _process;
    private TaskCompletionSource? _ready;

    private PostgresServer(PostgresPrograms programs, string folder, int port, string password, IReadOnlyList<string> options) =>
        (_programs, Folder, Port, Password, _options) = (programs, folder, port, password, options);

    /// <summary>Whether a server is installed, as Debian's package <c>postgresql</c> does.</summary>
    public static bool IsInstalled => PostgresPrograms.Find() is not null;

    /// <summary>The server's folder; its log is <c>server.log</c> there.</summary>
    public string Folder { get; }

    /// <summary>The folder of its unix socket, which is what a client gives as host.</summary>
    public string SocketFolder => Folder;

    /// <summary>Its port, on 127.0.0.1 and in the name of the socket.</summary>
    public int Port { get; }

    /// <summary>The superuser.</summary>
    public string User => "keymeld";

    /// <summary>The superuser's password, drawn for this server.</summary>
    public string Password { get; }

    /// <summary>A file that holds the password, readable by who made the server.</summary>
    public string PasswordFile => Path.Combine(Folder, "password");

    /// <summary>Makes and starts a server.</summary>
    /// <param name="options">Settings of <c>postgresql.conf</c>, as <c>name=value</c>; <c>fsync=off</c> where nothing has to survive.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="StackException">It is not installed, or did not start; the message says why.</exception>
    public static async Task<PostgresServer> StartAsync(IReadOnlyList<string>? options = null, CancellationToken cancellationToken = default)
    {
        var programs = PostgresPrograms.Find() ?? throw new StackException("PostgreSQL is not installed: apt-get install postgresql.", "postgres");
        // Short: the socket's path may have 107 bytes.
        var folder = Directory.CreateTempSubdirectory("km-pg-").FullName;
        var server = new PostgresServer(programs, folder, FreePort.Next(), Convert.ToHexStringLower(KernelRandom.Bytes(16)), options ?? []);
        try
        {
            await File.WriteAllTextAsync(server.PasswordFile, server.Password, cancellationToken);
            await programs.GiveAsync(folder, cancellationToken);
            await programs.RunAsync("initdb",
                ["-D", server.Data, "-U", server.User, "--pwfile", server.PasswordFile, "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"], server.Environment, cancellationToken);
            await server.StartAgainAsync(cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
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
            "-D", Data, "-k", SocketFolder, "-p", FormattableString.Invariant($"{Port}"), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_permissions=0777",
            .. _options.SelectMany(option => (string[])["-c", option]),
        ];
        _process = _programs.Start("postgres", arguments, Environment);
        _process.OutputDataReceived += (_, line) => OnLine(line.Data);
        _process.ErrorDataReceived += (_, line) => OnLine(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        var ended = _process.WaitForExitAsync(cancellationToken);
        var first = await Task.WhenAny(_ready.Task, ended, Task.Delay(Patience, cancellationToken));
        cancellationToken.ThrowIfCancellationRequested();
        if (first != _ready.Task)
        {
            throw new StackException($"PostgreSQL did not start: {await File.ReadAllTextAsync(LogFile, CancellationToken.None)}", "postgres");
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
        await EndAsync(StackSignals.Quit);
        _process?.Dispose();
        await _programs.RemoveAsync(Folder);
    }

    private string Data => Path.Combine(Folder, "data");

    private string LogFile => Path.Combine(Folder, "server.log");

    private Dictionary<string, string> Environment => new() { ["LC_ALL"] = "C", ["PGPASSWORD"] = Password, ["TZ"] = "UTC" };

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
        lock (_options)
        {
            File.AppendAllText(LogFile, line + "\n");
        }
        if (line.EndsWith("database system is ready to accept connections", StringComparison.Ordinal))
        {
            _ready!.TrySetResult();
        }
    }
}
