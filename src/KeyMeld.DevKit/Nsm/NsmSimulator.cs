using KeyMeld.Attestation;
using KeyMeld.DevKit.Nsm.Certificates;
using KeyMeld.DevKit.Nsm.Sockets;

namespace KeyMeld.DevKit.Nsm;

/// <summary>
/// Stands in for the Nitro Secure Modules of one instance's enclaves: per enclave a unix socket that speaks the CBOR of /dev/nsm in frames of a 32-bit
/// big-endian length, and documents in the real form under a development root. Only the root differs from AWS; whoever verifies, verifies with the same code.
/// </summary>
public sealed class NsmSimulator : IAsyncDisposable
{
    private readonly DevelopmentRoot _root;
    private readonly InstanceAuthority _instance;
    private readonly List<ModuleListener> _modules = [];
    private bool _disposed;

    private NsmSimulator(DevelopmentRoot root, string rootCertificatePath)
    {
        _root = root;
        _instance = new InstanceAuthority(root, $"i-0{RandomHex(8)}");
        RootCertificatePath = rootCertificatePath;
        Root = AttestationRoot.Development(root.Certificate);
    }

    /// <summary>The root that verifiers pin.</summary>
    public AttestationRoot Root { get; }

    /// <summary>Where that root's certificate lies in PEM: <c>nsm/root.pem</c> in the data folder.</summary>
    public string RootCertificatePath { get; }

    /// <summary>
    /// Starts listening for every enclave. Binaries and configuration files are measured when an enclave connects; they need not exist before.
    /// </summary>
    /// <param name="dataFolder">The root is kept in its folder <c>nsm</c>, and made there at the first start.</param>
    /// <param name="enclaves">The enclaves.</param>
    /// <param name="clock">The time of certificates and documents.</param>
    /// <param name="log">Takes a line where an enclave cannot be served; standard error by default.</param>
    /// <exception cref="IOException">The root cannot be used, or a socket cannot be made. Nothing is left running.</exception>
    public static async Task<NsmSimulator> StartAsync(string dataFolder, IReadOnlyList<SimulatedEnclave> enclaves, TimeProvider clock, TextWriter? log = null)
    {
        var folder = Path.Combine(dataFolder, "nsm");
        var root = DevelopmentRoot.OpenOrCreate(folder, clock.GetUtcNow());
        var simulator = new NsmSimulator(root, DevelopmentRoot.CertificatePath(folder));
        try
        {
            foreach (var enclave in enclaves)
            {
                simulator.Add(enclave, clock, log ?? Console.Error);
            }
            return simulator;
        }
        catch
        {
            await simulator.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops listening, ends the connections and removes the sockets.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, true))
        {
            return;
        }
        foreach (var module in _modules)
        {
            await module.DisposeAsync();
        }
        _instance.Dispose();
        _root.Dispose();
    }

    private void Add(SimulatedEnclave enclave, TimeProvider clock, TextWriter log)
    {
        var signer = new ModuleSigner(_instance, $"{_instance.InstanceId}-enc{RandomHex(8)}", clock);
        try
        {
            _modules.Add(new ModuleListener(enclave, signer, _instance.InstanceId, log));
        }
        catch
        {
            signer.Dispose();
            throw;
        }
    }

    private static string RandomHex(int bytes) => Convert.ToHexStringLower(KernelRandom.Bytes(bytes));
}
