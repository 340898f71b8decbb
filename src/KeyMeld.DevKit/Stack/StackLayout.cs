using KeyMeld.DevKit.Databases;

namespace KeyMeld.DevKit.Stack;

/// <summary>The data folder: what lies where.</summary>
public sealed class StackLayout(string data)
{
    // sockaddr_un takes 107 bytes; a longer path fails with an unhelpful error deep in Kestrel.
    private const int LongestSocketPath = 107;

    /// <summary>The folder itself.</summary>
    public string Data { get; } = Path.GetFullPath(data);

    /// <summary>The gateway's database.</summary>
    public string Database => Path.Combine(Data, "keymeld.db");

    /// <summary>The folder of the PostgreSQL server, where the stack has one of its own.</summary>
    public string Postgres => Path.Combine(Data, "postgres");

    /// <summary>Sockets and process ids.</summary>
    public string Run => Path.Combine(Data, "run");

    /// <summary>What the stand-ins for AWS keep.</summary>
    public string DevKit => Path.Combine(Data, "devkit");

    /// <summary>The development root certificate that clients are given.</summary>
    public string RootCertificate => Path.Combine(DevKit, "nsm", "root.pem");

    /// <summary>The measured configuration of all enclaves.</summary>
    public string EnclaveConfiguration => Path.Combine(Data, "enclave.yaml");

    /// <summary>The measured configuration that one enclave runs with: a link, so that each can be moved to another by itself.</summary>
    public string EnclaveConfigurationOf(int id) => Path.Combine(Run, $"enclave-{id}.yaml");

    /// <summary>The release that the enclaves of this folder are: measurements and KMS key.</summary>
    public string Release => Path.Combine(Data, "release.json");

    /// <summary>The generated gateway configuration.</summary>
    public string GatewayConfiguration => Path.Combine(Data, "gateway.yaml");

    /// <summary>That of one of several gateways; the first is <see cref="GatewayConfiguration"/>.</summary>
    public string GatewayConfigurationOf(int number) => number == 0 ? GatewayConfiguration : Path.Combine(Data, FormattableString.Invariant($"gateway-{number + 1}.yaml"));

    /// <summary>The operator's bearer token.</summary>
    public string OperatorToken => Path.Combine(Data, "operator.token");

    /// <summary>Where an enclave listens.</summary>
    public string EnclaveSocket(int id) => Path.Combine(Run, $"enclave-{id}.sock");

    /// <summary>Where an enclave's NSM answers.</summary>
    public string NsmSocket(int id) => Path.Combine(Run, $"nsm-{id}.sock");

    /// <summary>A child's log.</summary>
    public string Log(string name) => Path.Combine(Data, "logs", name + ".log");

    /// <summary>A child's process id.</summary>
    public string PidFile(string name) => Path.Combine(Run, name + ".pid");

    /// <summary>Creates the folders, readable by their owner only.</summary>
    /// <exception cref="StackException">The path is too long for unix sockets.</exception>
    public void Create()
    {
        if (System.Text.Encoding.UTF8.GetByteCount(EnclaveSocket(99)) > LongestSocketPath)
        {
            throw new StackException($"The data folder's path is too long for unix sockets: {Data}. Use a shorter one with --data.", "stack");
        }
        foreach (var folder in (string[])[Data, Run, DevKit, Path.Combine(Data, "logs")])
        {
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    /// <summary>Points an enclave's configuration to a file.</summary>
    public void Configure(int id, string configuration)
    {
        File.Delete(EnclaveConfigurationOf(id));
        File.CreateSymbolicLink(EnclaveConfigurationOf(id), Path.GetFullPath(configuration));
    }

    /// <summary>Ends what a killed supervisor left running in this folder.</summary>
    public void StopOrphans()
    {
        foreach (var file in Directory.EnumerateFiles(Run, "*.pid"))
        {
            if (int.TryParse(File.ReadAllText(file), out var pid) && IsOurs(pid))
            {
                StackSignals.Destroy(pid);
            }
            File.Delete(file);
        }
        if (Directory.Exists(Postgres))
        {
            PostgresPlace.In(Postgres, "").StopOrphan();
        }
    }

    // The number may be another's by now, also another stack's: a child of this one stands in its folder, or names it.
    private bool IsOurs(int pid)
    {
        try
        {
            var command = File.ReadAllText($"/proc/{pid}/cmdline");
            return command.Contains("KeyMeld.", StringComparison.Ordinal) && (command.Contains(Data, StringComparison.Ordinal) || new FileInfo($"/proc/{pid}/cwd").LinkTarget == Data);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
