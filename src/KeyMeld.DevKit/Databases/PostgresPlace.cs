using System.Text;
using KeyMeld.DevKit.Stack;

namespace KeyMeld.DevKit.Databases;

/// <summary>Where a server lives and is reached.</summary>
/// <param name="Folder">Its folder, and that of its unix socket.</param>
/// <param name="Port">In the name of the socket, and on 127.0.0.1 where it listens there.</param>
/// <param name="LogFile">What it says.</param>
/// <param name="IsKept">Whether the folder stays when the server stops, and everything in it survives the machine; else it is temporary and listens on 127.0.0.1 too.</param>
internal sealed record PostgresPlace(string Folder, int Port, string LogFile, bool IsKept)
{
    // The port that PostgreSQL's clients take unless told otherwise. The socket is in a folder of its own, so that nobody else has it.
    private const int UsualPort = 5432;
    private const int LongestSocketPath = 107;
    private const int MostTries = 200;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>What is in the database.</summary>
    public string Data => Path.Combine(Folder, "data");

    public string PasswordFile => Path.Combine(Folder, "password");

    /// <summary>The same for libpq's programs, in their form.</summary>
    public string PassFile => Path.Combine(Folder, "pgpass");

    /// <summary>Where PostgreSQL notes the process that serves the data.</summary>
    public string PidFile => Path.Combine(Data, "postmaster.pid");

    public static PostgresPlace Temporary()
    {
        // Short: the socket's path may have 107 bytes.
        var folder = Directory.CreateTempSubdirectory("km-pg-").FullName;
        return new PostgresPlace(folder, FreePort.Next(), Path.Combine(folder, "server.log"), IsKept: false);
    }

    /// <exception cref="StackException">The path is too long for a unix socket.</exception>
    public static PostgresPlace In(string folder, string logFile) => Encoding.UTF8.GetByteCount(Path.Combine(folder, FormattableString.Invariant($".s.PGSQL.{UsualPort}"))) > LongestSocketPath
        ? throw new StackException($"The path is too long for a unix socket: {folder}. Use a shorter one with --data.", "postgres")
        : new PostgresPlace(folder, UsualPort, logFile, IsKept: true);

    /// <summary>Ends the server that a killed supervisor left running on this data, as a power failure would.</summary>
    /// <exception cref="StackException">It does not end.</exception>
    public void StopOrphan()
    {
        if (!File.Exists(PidFile) || !int.TryParse(File.ReadLines(PidFile).FirstOrDefault(), out var pid))
        {
            return;
        }
        // The number may be another's by now: a server names its data in its command line.
        var command = $"/proc/{pid}/cmdline";
        for (var tries = 0; File.Exists(command) && File.ReadAllText(command).Contains(Data, StringComparison.Ordinal); tries++)
        {
            if (tries == MostTries)
            {
                throw new StackException($"PostgreSQL runs in {Folder} as process {pid} and does not end; stop it.", "postgres");
            }
            StackSignals.Quit(pid);
            Thread.Sleep(Pause);
        }
    }
}
