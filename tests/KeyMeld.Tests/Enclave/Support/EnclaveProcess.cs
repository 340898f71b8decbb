namespace KeyMeld.Tests.Enclave.Support;

/// <summary>An enclave as a process of the built program, with the gateway's end of its socket.</summary>
internal sealed class EnclaveProcess : EnclaveCaller, IAsyncDisposable
{
    private static int s_sockets;

    private readonly ChildProgram _program;

    private EnclaveProcess(TestMachine machine, string socket, ChildProgram program)
        : base(machine, socket) => _program = program;

    public int Id => _program.Id;

    /// <summary>Everything it wrote so far, to either stream.</summary>
    public string Output => _program.Output;

    public static EnclaveProcess Start(TestMachine machine, int module, IReadOnlyDictionary<string, string> environment, string? nsm = null)
    {
        var socket = Path.Combine(machine.Folder, "run", $"process-{Interlocked.Increment(ref s_sockets)}.sock");
        return new EnclaveProcess(machine, socket, ChildProgram.Start(machine.Program,
            ["--config", machine.ConfigurationOf(module), "--listen", "unix:" + socket, "--nsm", "unix:" + (nsm ?? machine.Module(module).SocketPath)], environment));
    }

    /// <summary>The most memory it ever had, in bytes.</summary>
    public long PeakMemory()
    {
        using var process = System.Diagnostics.Process.GetProcessById(Id);
        return process.PeakWorkingSet64;
    }

    public Task ReadyAsync() => _program.ReadyAsync();

    public async ValueTask DisposeAsync()
    {
        Close();
        await _program.DisposeAsync();
    }
}
