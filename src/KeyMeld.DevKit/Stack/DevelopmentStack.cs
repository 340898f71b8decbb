// The development stack (architecture.md): KMS emulator and NSM simulator, N enclaves, the gateway, as real processes that real signals kill.
using Amazon.Runtime;
using KeyMeld.Attestation;
using KeyMeld.DevKit.Kms.Authentication;
using KeyMeld.DevKit.Nsm;

namespace KeyMeld.DevKit.Stack;

/// <summary>Starts, supervises, kills and restarts the programs of the stack. One per data folder.</summary>
public sealed partial class DevelopmentStack : IAsyncDisposable
{
    private const string GatewayName = "gateway";
    private const string NsmName = "nsm";
    private const string KmsName = "kms";
    private static readonly Dictionary<string, string> NoEnvironment = [];

    private readonly StackOptions options;
    private readonly StackLinks links;
    private readonly Dictionary<string, ChildProcess> children = [];
    private readonly Lock childrenLock = new();
    private readonly FileStream dataLock;
    private Dictionary<string, string> gatewayEnvironment = [];
    private bool stopping;

    private DevelopmentStack(StackOptions options, StackLayout layout, FileStream dataLock) =>
        (this.options, Layout, this.dataLock, links) = (options, layout, dataLock, new StackLinks(options, layout));

    /// <summary>How long a part may take for one thing.</summary>
    public TimeSpan Patience => options.Patience;

    /// <summary>Where everything lies.</summary>
    public StackLayout Layout { get; }

    /// <summary>The gateway's public URL.</summary>
    public Uri Gateway => new($"http://127.0.0.1:{options.Port}");

    /// <summary>The KMS endpoint in use.</summary>
    public Uri KmsEndpoint => options.ExternalKms ?? new Uri($"http://127.0.0.1:{options.KmsPort}");

    /// <summary>The KMS key's ARN, or its alias where an external KMS is used without attestation.</summary>
    public string KmsKey { get; private set; } = "";

    /// <summary>The KMS key's full ARN.</summary>
    public string KmsKeyArn { get; private set; } = "";

    /// <summary>PCRs of the enclaves' build and configuration.</summary>
    public Measurement Measurement => MeasurementOf(Layout.EnclaveConfiguration);

    /// <summary>Called with the name and exit code of a child that ended without being asked to.</summary>
    public event Action<string, int>? Crashed;

    private static string EnclaveFolder => Path.GetDirectoryName(Programs.Find("KeyMeld.Enclave"))!;

    private IEnumerable<string> EnclaveNames => Enumerable.Range(0, options.Enclaves).Select(id => $"enclave-{id}");

    /// <summary>Takes the data folder and starts everything in it; what was there before goes on.</summary>
    /// <param name="options">What to start.</param>
    /// <param name="progress">Told each step before it begins.</param>
    /// <param name="cancellationToken">Stops what was started.</param>
    /// <exception cref="StackException">A part did not come up.</exception>
    public static async Task<DevelopmentStack> StartAsync(StackOptions options, Action<string>? progress, CancellationToken cancellationToken)
    {
        var layout = new StackLayout(options.DataDirectory);
        layout.Create();
        var stack = new DevelopmentStack(WithOwnDatabase(options, layout), layout, Take(layout));
        try
        {
            layout.StopOrphans();
            stack.PlaceGateways();
            await stack.OpenDatabaseAsync(progress, cancellationToken);
            await stack.StartStandInsAsync(progress, cancellationToken);
            progress?.Invoke($"starting {options.Enclaves} enclaves");
            await stack.StartEnclavesAsync(cancellationToken);
            progress?.Invoke(options.Gateways == 1 ? "starting the gateway" : $"starting {options.Gateways} gateways");
            await stack.StartGatewayAsync(cancellationToken);
            return stack;
        }
        catch
        {
            await stack.DisposeAsync();
            throw;
        }
    }

    /// <summary>PCRs of the enclaves' build with another configuration file.</summary>
    public static Measurement MeasurementOf(string configuration) => Measurement.Of(EnclaveFolder, configuration);

    /// <summary>The key policy that lets the enclaves of this build and configuration use the key; with <paramref name="measurements"/>, those instead. It is what AWS deployments use.</summary>
    public string Policy(params IReadOnlyList<Measurement> measurements) => new KeyPolicyPlan(
        KmsKeyArn, [.. (measurements.Count == 0 ? [Measurement] : measurements).Select(one => one.ToRelease(KmsKeyArn))], EnclaveRole, [Administrator]).KeyPolicy();

    /// <summary>ARN of the role whose credentials the enclaves get.</summary>
    public string EnclaveRole => EmulatorCredentials().Enclave.PrincipalArn;

    /// <summary>ARN of the key's administrator.</summary>
    public string Administrator => EmulatorCredentials().Admin.PrincipalArn;

    /// <summary>The policy of a stack without attestation: administrator and enclaves may use the key.</summary>
    public string OpenPolicy() => DevelopmentKeyPolicy.WriteWithoutAttestation(Administrator, EnclaveRole);

    /// <summary>Opens a client for the emulator as its administrator.</summary>
    public DevelopmentKms OpenKms() => new(KmsEndpoint, options.Region, AdminCredentials());

    /// <summary>Starts the KMS emulator.</summary>
    public Task StartKmsAsync(CancellationToken cancellationToken) =>
        StartAsync(KmsName, "KeyMeld.DevKit",
            ["--data", Layout.DevKit, "--kms-port", $"{options.KmsPort}", "--region", options.Region, .. links.AreForwarded ? ["--kms-tls", $"{options.KmsTlsPort}={links.KmsHost}"] : Array.Empty<string>()],
            NoEnvironment, cancellationToken);

    /// <summary>Starts all enclaves, at once.</summary>
    public Task StartEnclavesAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(Enumerable.Range(0, options.Enclaves).Select(id => StartEnclaveAsync(id, cancellationToken)));

    /// <summary>Starts one enclave.</summary>
    public Task StartEnclaveAsync(int id, CancellationToken cancellationToken) =>
        StartAsync($"enclave-{id}", "KeyMeld.Enclave",
            ["--config", Layout.EnclaveConfigurationOf(id), "--listen", links.Enclave(id), "--nsm", $"unix:{Layout.NsmSocket(id)}"], NoEnvironment, cancellationToken);

    /// <summary>Stops one enclave and starts it with another configuration file: on a real machine, with another image.</summary>
    public async Task MoveEnclaveAsync(int id, string configuration, CancellationToken cancellationToken)
    {
        await KillEnclaveAsync(id);
        Layout.Configure(id, configuration);
        await StartEnclaveAsync(id, cancellationToken);
    }

    /// <summary>Starts another gateway with the enclaves' credentials.</summary>
    /// <param name="name">What it is called from then on.</param>
    /// <param name="configuration">Its file; another port and a common database are its maker's affair.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task StartGatewayAsync(string name, string configuration, CancellationToken cancellationToken) =>
        StartAsync(name, "KeyMeld.Gateway", ["--config", configuration], gatewayEnvironment, cancellationToken);

    /// <summary>SIGKILL to a gateway that <see cref="StartGatewayAsync(string, string, CancellationToken)"/> started.</summary>
    public Task KillGatewayAsync(string name) => KillAsync([name]);

    /// <summary>SIGKILL to every enclave.</summary>
    public Task KillEnclavesAsync() => KillAsync([.. EnclaveNames]);

    /// <summary>SIGKILL to one enclave.</summary>
    public Task KillEnclaveAsync(int id) => KillAsync([$"enclave-{id}"]);

    /// <summary>SIGKILL to all enclaves and gateways, at once.</summary>
    public Task KillEverythingAsync() => KillAsync([.. EnclaveNames, .. GatewayNames]);

    /// <summary>Stops the KMS emulator, as an outage.</summary>
    public Task KillKmsAsync() => KillAsync([KmsName]);

    /// <summary>Name and resident memory, in bytes, of every child.</summary>
    public IReadOnlyList<(string Name, int Id, long ResidentBytes)> Processes()
    {
        lock (childrenLock)
        {
            return [.. children.Values.OrderBy(child => child.Name, StringComparer.Ordinal).Select(child => (child.Name, child.Id, child.ResidentBytes))];
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        stopping = true;
        ChildProcess[] all;
        lock (childrenLock)
        {
            all = [.. children.Values];
            children.Clear();
        }
        await Task.WhenAll(all.Select(child => child.DisposeAsync().AsTask()));
        await (balancer?.DisposeAsync() ?? default);
        await (Database?.DisposeAsync() ?? default);
        await dataLock.DisposeAsync();
    }

    private static FileStream Take(StackLayout layout)
    {
        try
        {
            return new FileStream(Path.Combine(layout.Data, ".lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException exception)
        {
            throw new StackException($"Another keymeld uses {layout.Data}; stop it, or give another folder with --data.", "stack", exception);
        }
    }

    private async Task StartStandInsAsync(Action<string>? progress, CancellationToken cancellationToken)
    {
        // A process each: an outage of KMS must leave the NSM alone.
        progress?.Invoke("starting the NSM simulator");
        List<string> arguments = ["--data", Layout.DevKit];
        for (var id = 0; id < options.Enclaves; id++)
        {
            Layout.Configure(id, Layout.EnclaveConfiguration);
            arguments.AddRange(["--enclave", $"{id}={Layout.NsmSocket(id)},{EnclaveFolder},{Layout.EnclaveConfigurationOf(id)}"]);
        }
        await StartAsync(NsmName, "KeyMeld.DevKit", arguments, NoEnvironment, cancellationToken);
        if (options.ExternalKms is null)
        {
            progress?.Invoke("starting the KMS emulator");
            await StartKmsAsync(cancellationToken);
        }
        using var kms = OpenKms();
        var arn = KmsKeyArn = await kms.EnsureKeyAsync(cancellationToken);

        // Without attestation nothing measures the configuration, so an alias will do, as LocalStack users write it.
        KmsKey = options.Attestation ? arn : DevelopmentKms.Alias;
        var endpoint = links.AreForwarded ? null : KmsEndpoint;
        StackConfiguration.WriteEnclave(Layout, options, KmsKey, [], endpoint);
        for (var number = 0; number < options.Gateways; number++)
        {
            StackConfiguration.WriteGateway(Layout, options, number, Gateways[number], KmsKey, endpoint);
        }
        StackConfiguration.WriteRelease(Layout.Release, Measurement.ToRelease(KmsKeyArn));
        var enclave = options.ExternalKms is null ? EmulatorCredentials().Enclave : null;
        if (options.Attestation)
        {
            await kms.PutPolicyAsync(arn, Policy(), cancellationToken);
        }
        gatewayEnvironment = options.GatewayConfiguration is null ? [] : StackConfiguration.Overrides(Layout, options, KmsKey, endpoint);
        gatewayEnvironment["AWS_ACCESS_KEY_ID"] = enclave?.AccessKeyId ?? Required("AWS_ACCESS_KEY_ID");
        gatewayEnvironment["AWS_SECRET_ACCESS_KEY"] = enclave?.SecretAccessKey ?? Required("AWS_SECRET_ACCESS_KEY");
        if ((enclave is null ? Environment.GetEnvironmentVariable("AWS_SESSION_TOKEN") : enclave.SessionToken) is { } token)
        {
            gatewayEnvironment["AWS_SESSION_TOKEN"] = token;
        }
    }

    private BasicAWSCredentials AdminCredentials() => options.ExternalKms is null
        ? new BasicAWSCredentials(EmulatorCredentials().Admin.AccessKeyId, EmulatorCredentials().Admin.SecretAccessKey)
        : new BasicAWSCredentials(Required("AWS_ACCESS_KEY_ID"), Required("AWS_SECRET_ACCESS_KEY"));

    private KmsCredentials EmulatorCredentials() => KmsCredentials.Load(Layout.DevKit);

    private static string Required(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value
        ? value
        : throw new StackException($"An external KMS needs {variable} in the environment.", "stack");

    private async Task StartAsync(string name, string project, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment, CancellationToken cancellationToken)
    {
        var child = ChildProcess.Start(name, Programs.Find(project), arguments, environment, Layout);
        lock (childrenLock)
        {
            children[name] = child;
        }
        await child.ReadyAsync(Patience, cancellationToken);
        _ = WatchAsync(child, () => StartAsync(name, project, arguments, environment, CancellationToken.None));
    }

    private async Task WatchAsync(ChildProcess child, Func<Task> restart)
    {
        var code = await child.Exit;
        lock (childrenLock)
        {
            if (stopping || !children.TryGetValue(child.Name, out var current) || current != child)
            {
                return;
            }
        }
        await SeeAgainAsync(child.Name, code, restart);
    }

    private async Task SeeAgainAsync(string name, int code, Func<Task> restart)
    {
        Crashed?.Invoke(name, code);
        for (var pause = TimeSpan.FromMilliseconds(100); options.RestartCrashed && !stopping; pause = TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, TimeSpan.TicksPerSecond * 5)))
        {
            try
            {
                await Task.Delay(pause);
                await restart();
                return;
            }
            catch (StackException exception)
            {
                Crashed?.Invoke(exception.Part, -1);
            }
        }
    }

    private async Task KillAsync(IReadOnlyList<string> names)
    {
        List<ChildProcess> killed = [];
        lock (childrenLock)
        {
            foreach (var name in names)
            {
                if (children.Remove(name, out var child))
                {
                    child.Kill();
                    killed.Add(child);
                }
            }
        }
        await Task.WhenAll(killed.Select(child => child.DisposeAsync().AsTask()));
    }
}
