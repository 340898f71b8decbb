using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using Amazon.Runtime;
using KeyMeld.DevKit.Kms;
using KeyMeld.DevKit.Kms.Authentication;

namespace KeyMeld.Tests.DevKit.Kms.Support;

/// <summary>An emulator in a folder of its own, and real AWS clients for it.</summary>
internal sealed class RunningKms : IAsyncDisposable
{
    private readonly List<IDisposable> clients = [];

    private RunningKms(KmsEmulator emulator, string folder) => (Emulator, Folder) = (emulator, folder);

    public KmsEmulator Emulator { get; }

    public string Folder { get; }

    public AmazonKeyManagementServiceClient Admin => Client(Emulator.Credentials.Admin);

    public AmazonKeyManagementServiceClient Enclave => Client(Emulator.Credentials.Enclave);

    public static Task<RunningKms> StartAsync(params IReadOnlyList<KmsCredential> more) =>
        StartAsync(new KmsEmulatorOptions { DataDirectory = NewFolder(), AdditionalCredentials = more });

    public static async Task<RunningKms> StartAsync(KmsEmulatorOptions options) =>
        new(await KmsEmulator.StartAsync(options, TestContext.Current.CancellationToken), options.DataDirectory);

    public static string NewFolder() => Directory.CreateTempSubdirectory("keymeld-kms-").FullName;

    public AmazonKeyManagementServiceClient Client(KmsCredential credential, string region = "us-west-2")
    {
        AWSCredentials credentials = credential.SessionToken is null
            ? new BasicAWSCredentials(credential.AccessKeyId, credential.SecretAccessKey)
            : new SessionAWSCredentials(credential.AccessKeyId, credential.SecretAccessKey, credential.SessionToken);
        var client = new AmazonKeyManagementServiceClient(credentials, new AmazonKeyManagementServiceConfig
        {
            ServiceURL = Emulator.Endpoint.ToString(),
            AuthenticationRegion = region,
            MaxErrorRetry = 0,
        });
        clients.Add(client);
        return client;
    }

    /// <summary>The lines of the event log.</summary>
    public IReadOnlyList<string> Events
    {
        get
        {
            using var file = new StreamReader(new FileStream(Path.Combine(Folder, "kms-events.jsonl"), FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
            return file.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        }
    }

    public RawKms Raw(KmsCredential credential) => new(Emulator.Endpoint, credential);

    /// <summary>A key made by the admin; its ARN.</summary>
    public async Task<string> CreateKeyAsync(string? policy = null) =>
        (await Admin.CreateKeyAsync(new CreateKeyRequest { Policy = policy }, TestContext.Current.CancellationToken)).KeyMetadata.Arn;

    /// <summary>Stops the emulator and keeps the folder, for a test that starts another one on it.</summary>
    public async Task StopAsync()
    {
        foreach (var client in clients)
            client.Dispose();
        await Emulator.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Directory.Delete(Folder, recursive: true);
    }
}
