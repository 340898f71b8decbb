using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using Amazon.Runtime;
using KeyMeld.DevKit.Kms;
using KeyMeld.DevKit.Kms.Authentication;
using KeyMeld.DevKit.Kms.Wire;
using KeyMeld.DevKit.Nsm;
using KeyMeld.Enclave.Configuration;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Wire.V1;

namespace KeyMeld.Tests.Enclave.Support;

/// <summary>
/// One machine for enclave tests: the KMS emulator, the NSM simulator with modules for some enclaves, a KMS key whose policy names their PCRs. For enclaves of
/// the built program each module has a configuration file of its own, which is measured with the program's folder.
/// </summary>
internal sealed class TestMachine : IAsyncDisposable
{
    private const string Account = "arn:aws:iam::000000000000";

    private readonly List<IAsyncDisposable> _running = [];
    private readonly List<IDisposable> _clients = [];

    private readonly string? _program;

    private TestMachine(string folder, string? program) => (Folder, _program) = (folder, program);

    public string Folder { get; }

    public KmsEmulator Kms { get; private set; } = null!;

    public NsmSimulator Nsm { get; private set; } = null!;

    public string BinaryFolder => _program is null ? Path.Combine(Folder, "bin") : Path.GetDirectoryName(_program)!;

    /// <summary>The enclave's executable, where enclaves are processes.</summary>
    public string Program => _program ?? throw new InvalidOperationException("This machine's enclaves run in the test's own process.");

    /// <summary>What the simulator measures as PCR2: the enclaves here are configured in code, all alike.</summary>
    public string ConfigurationFile => ConfigurationOf(0);

    /// <summary>What enclaves that are processes are configured with; one that reads anything else has another PCR2.</summary>
    public string ConfigurationText => $"""
        mode: development
        kms:
          key_id: "{KeyArn}"
          region: us-west-2
          endpoint_url: "{Kms.Endpoint}"

        """;

    public Measurement Measurement => Measurement.Of(BinaryFolder, ConfigurationFile);

    /// <summary>A key that only the measured enclave may use, and only with attestation.</summary>
    public string KeyArn { get; private set; } = "";

    public AmazonKeyManagementServiceClient Admin => Client(Kms.Credentials.Admin);

    public AwsCredentials Credentials => Pushed(Kms.Credentials.Enclave);

    /// <param name="more">Credentials beside the emulator's own.</param>
    /// <param name="program">The built enclave, for enclaves that are processes; null measures a stand-in.</param>
    /// <param name="modules">How many enclaves there are modules for.</param>
    /// <param name="nitroTime">The time of the modules, which is the enclaves'.</param>
    public static async Task<TestMachine> StartAsync(
        IReadOnlyList<KmsCredential>? more = null, string? program = null, int modules = 2, TimeProvider? nitroTime = null)
    {
        var machine = new TestMachine(Directory.CreateTempSubdirectory("keymeld-enclave-").FullName, program);
        if (program is null)
        {
            Directory.CreateDirectory(machine.BinaryFolder);
            await File.WriteAllTextAsync(Path.Combine(machine.BinaryFolder, "enclave.dll"), "program");
            await File.WriteAllTextAsync(machine.ConfigurationFile, "mode: development");
        }
        machine.Nsm = await NsmSimulator.StartAsync(machine.Folder, [.. Enumerable.Range(0, modules).Select(machine.Module)], nitroTime ?? TimeProvider.System);
        machine._running.Add(machine.Nsm);
        machine.Kms = await KmsEmulator.StartAsync(
            new KmsEmulatorOptions { DataDirectory = Path.Combine(machine.Folder, "kms"), AttestationRoot = machine.Nsm.Root, AdditionalCredentials = more ?? [] },
            TestContext.Current.CancellationToken);
        machine._running.Add(machine.Kms);
        machine.KeyArn = await machine.CreateKeyAsync(null);
        for (var module = 0; program is not null && module < modules; module++)
        {
            await File.WriteAllTextAsync(machine.ConfigurationOf(module), machine.ConfigurationText);
        }
        await machine.SetPolicyAsync(machine.KeyArn, machine.ClosedPolicy(machine.Measurement));
        return machine;
    }

    public static AwsCredentials Pushed(KmsCredential credential) => new()
    {
        AccessKeyId = credential.AccessKeyId,
        SecretAccessKey = credential.SecretAccessKey,
        SessionToken = credential.SessionToken ?? "",
        ExpiresMs = credential.Expires?.ToUnixTimeMilliseconds() ?? 0,
    };

    public SimulatedEnclave Module(int id) => new($"{id}", Path.Combine(Folder, "run", $"nsm-{id}.sock"), BinaryFolder, ConfigurationOf(id));

    public string ConfigurationOf(int module) => Path.Combine(Folder, _program is null ? "enclave.yaml" : $"enclave-{module}.yaml");

    public async Task<string> CreateKeyAsync(string? policy) =>
        (await Admin.CreateKeyAsync(new CreateKeyRequest { Policy = policy }, TestContext.Current.CancellationToken)).KeyMetadata.Arn;

    public Task SetPolicyAsync(string keyArn, string policy) =>
        Admin.PutKeyPolicyAsync(new PutKeyPolicyRequest { KeyId = keyArn, Policy = policy }, TestContext.Current.CancellationToken);

    /// <summary>Attested use by that measurement only; the administrator may manage the key, nobody may use it otherwise.</summary>
    public string ClosedPolicy(Measurement measurement) => Policy(Administration(), $$$"""
        {"Effect": "Allow", "Principal": {"AWS": "{{{Role}}}"}, "Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Resource": "*", "Condition": {"StringEqualsIgnoreCase": {
          "kms:RecipientAttestation:PCR0": "{{{measurement.Pcr0}}}", "kms:RecipientAttestation:PCR1": "{{{measurement.Pcr1}}}", "kms:RecipientAttestation:PCR2": "{{{measurement.Pcr2}}}"} } }
        """);

    /// <summary>Besides what <see cref="ClosedPolicy"/> allows, these actions without any attestation.</summary>
    public string OpenPolicy(params string[] actions) => ClosedPolicy(Measurement)[..^2]
        + $$""", {"Effect": "Allow", "Principal": {"AWS": "{{Role}}"}, "Action": [{{string.Join(", ", actions.Select(action => $"\"{action}\""))}}], "Resource": "*"}]}""";

    /// <summary>A started enclave, not yet configured.</summary>
    public async Task<TestEnclave> StartEnclaveAsync(int module = 0, Func<EnclaveConfiguration, EnclaveConfiguration>? change = null)
    {
        var configuration = await ConfigurationAsync();
        var enclave = await TestEnclave.StartAsync(this, module, change?.Invoke(configuration) ?? configuration);
        _running.Add(enclave);
        return enclave;
    }

    /// <summary>An enclave in a process of its own, not yet configured.</summary>
    /// <param name="module">Which module it has; its configuration file goes with it.</param>
    /// <param name="configuration">What to make of the configuration's text; it stays so for the module.</param>
    /// <param name="environment">Variables it finds.</param>
    /// <param name="nsm">Another socket than the module's own.</param>
    public async Task<EnclaveProcess> StartProcessAsync(
        int module = 0, Func<string, string>? configuration = null, IReadOnlyDictionary<string, string>? environment = null, string? nsm = null)
    {
        if (configuration is not null)
        {
            await File.WriteAllTextAsync(ConfigurationOf(module), configuration(ConfigurationText), TestContext.Current.CancellationToken);
        }
        var enclave = EnclaveProcess.Start(this, module, environment ?? new Dictionary<string, string>(), nsm);
        _running.Add(enclave);
        await enclave.ReadyAsync();
        return enclave;
    }

    public async Task<EnclaveConfiguration> ConfigurationAsync()
    {
        return new EnclaveConfiguration(
            EnclaveMode.Development,
            new KmsConfiguration { KeyId = KeyArn, PreviousKeyIds = [], Region = "us-west-2", Endpoint = Kms.Endpoint, EnableAttestation = true, TlsRoots = null },
            new LimitsConfiguration { MemoryBytes = LimitsConfiguration.DefaultMemoryBytes })
        {
            Digest = Hash32.Sha256(await File.ReadAllBytesAsync(ConfigurationFile, TestContext.Current.CancellationToken)),
        };
    }

    /// <summary>Plays somebody between enclave and KMS for as long as the result lives.</summary>
    public IDisposable Between(Func<KmsExchange, Task<KmsAnswer?>> change)
    {
        Kms.Interceptor = change;
        return new Restore(Kms);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var part in Enumerable.Reverse(_running))
        {
            await part.DisposeAsync();
        }
        _clients.ForEach(client => client.Dispose());
        Directory.Delete(Folder, recursive: true);
    }

    private string Role => Kms.Credentials.Enclave.PrincipalArn;

    private static string Policy(params string[] statements) => $$"""{"Version": "2012-10-17", "Statement": [{{string.Join(",", statements).Trim()}}]}""";

    private string Administration() => $$"""
        {"Effect": "Allow", "Principal": {"AWS": "{{Kms.Credentials.Admin.PrincipalArn}}"}, "Resource": "*", "Action": ["kms:Describe*", "kms:Get*", "kms:PutKeyPolicy",
          "kms:EnableKey", "kms:DisableKey", "kms:ScheduleKeyDeletion", "kms:CancelKeyDeletion", "kms:CreateAlias", "kms:UpdateAlias"]}
        """;

    private AmazonKeyManagementServiceClient Client(KmsCredential credential)
    {
        AWSCredentials credentials = credential.SessionToken is null
            ? new BasicAWSCredentials(credential.AccessKeyId, credential.SecretAccessKey)
            : new SessionAWSCredentials(credential.AccessKeyId, credential.SecretAccessKey, credential.SessionToken);
        var client = new AmazonKeyManagementServiceClient(credentials, new AmazonKeyManagementServiceConfig
        {
            ServiceURL = Kms.Endpoint.ToString(),
            AuthenticationRegion = "us-west-2",
            MaxErrorRetry = 0,
        });
        _clients.Add(client);
        return client;
    }

    private sealed class Restore(KmsEmulator kms) : IDisposable
    {
        public void Dispose() => kms.Interceptor = null;
    }
}
