using KeyMeld.Gateway.Cluster;
using KeyMeld.Gateway.Configuration;
using KeyMeld.Gateway.Credentials;
using KeyMeld.Gateway.Dashboard;
using KeyMeld.Gateway.Fleet;
using KeyMeld.Gateway.Http;
using KeyMeld.Gateway.Keygen;
using KeyMeld.Gateway.Operators;
using KeyMeld.Gateway.Signing;
using KeyMeld.Gateway.Storage;
using KeyMeld.Gateway.Storage.Postgres;
using KeyMeld.Gateway.Telemetry;
using KeyMeld.Gateway.Tls;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Secp256k1;
using KeyMeld.Wire.V1;

namespace KeyMeld.Gateway;

/// <summary>What the gateway is made of, put together in one place.</summary>
internal sealed partial class GatewayParts : IAsyncDisposable
{
    private readonly Stores _stores;
    private readonly InstanceMetadata _metadata;
    private readonly CredentialKeeper _credentials;
    private readonly CancellationTokenSource _stopping = new();
    private readonly ILogger<GatewayParts> _logger;
    private Task _started = Task.CompletedTask;

    /// <exception cref="KeyMeldException">storage_failed: the database cannot be used; configuration_invalid: the files of a certificate cannot be.</exception>
    public GatewayParts(GatewaySettings settings, AwsCredentials credentials, TimeProvider time, ILoggerFactory loggers, GatewayTelemetry telemetry, InstanceMetadata? metadata = null)
    {
        Settings = settings;
        Telemetry = telemetry;
        _logger = loggers.CreateLogger<GatewayParts>();
        Time = time;
        Certificates = new Certificates(settings, time, loggers.CreateLogger<CertificateKeeper>());
        var releases = KnownReleases.Load(settings);
        _stores = Stores.Open(settings.Storage, time, telemetry.Meter.Storage);
        var id = Id16.Random();
        Bus = (settings.Storage, _stores.Server) is (StorageSettings.Postgres server, { } database)
            ? new PostgresNewsBus(database.Source, PostgresConnection.Source(server with { Connections = 1 }), id, time, loggers.CreateLogger<PostgresNewsBus>())
            : new LonelyBus();
        Leases = new Leases(id, settings.Storage.Lease, Bus);
        GroupNews = new(NewsKind.Group, Bus);
        SigningNews = new(NewsKind.Signing, Bus);
        RoundNews = new(NewsKind.Rounds, Bus);
        _metadata = metadata ?? new InstanceMetadata();
        _credentials = settings.InstanceRole
            ? CredentialKeeper.Fetched(_metadata.FetchAsync, time, Jitter, loggers.CreateLogger<CredentialKeeper>())
            : CredentialKeeper.Of(credentials, loggers.CreateLogger<CredentialKeeper>());
        Fleet = new EnclaveFleet(settings, _credentials, SealedKeys, telemetry, time, loggers.CreateLogger<EnclaveFleet>());
        KeyChanges = new KeyChanges(Fleet, SealedKeys, Bus, time, loggers.CreateLogger<KeyChanges>());
        Operators = new OperatorGate(settings);
        Groups = new GroupBook(GroupStore, Bus.IsShared);
        GroupRunner = new GroupRunner(GroupStore, Groups, Fleet, GroupNews, Leases, telemetry, time, loggers.CreateLogger<GroupRunner>());
        SigningRunner = new SigningRunner(SigningStore, Groups, Fleet, SigningNews, RoundNews, Leases, _stores.Rounds, telemetry, time, loggers);
        Desk = new NewsDesk(this, _stores.Server is { } shared ? new PostgresMarks(shared) : null, loggers.CreateLogger<NewsDesk>());
        Limits = new CallLimits(settings.Limits, time);
        Readers = new ReaderGate(settings.Server.PublicUrl, _stores.Replay, Limits, time);
        Bodies = new BodyReader(settings.Limits, time);
        Attested = new AttestedFleet(Fleet, releases, time);
        Backups = new BackupWatch(_stores.Overview, time);
        Writes = new WriteWatch(_stores.Probe, _stores.Writes, time);
        Board = new OverviewBoard(this);
        telemetry.Meter.Meter.Observe(Fleet, Attested);
        telemetry.Meter.Meter.Observe(SigningRunner, telemetry.Held, _credentials, Certificates, Backups, settings.Production);
    }

    public GatewaySettings Settings { get; }

    public TimeProvider Time { get; }

    public GatewayTelemetry Telemetry { get; }

    public IGroupStore GroupStore => _stores.Groups;

    public ISigningStore SigningStore => _stores.Signings;

    public ISealedKeyStore SealedKeys => _stores.SealedKeys;

    public IKeyStore KeyStore => _stores.Keys;

    public IRetirementStore Retirements => _stores.Retirements;

    public EnclaveFleet Fleet { get; }

    public KeyChanges KeyChanges { get; }

    public OperatorGate Operators { get; }

    public Certificates Certificates { get; }

    public GroupBook Groups { get; }

    public GroupRunner GroupRunner { get; }

    public SigningRunner SigningRunner { get; }

    public ReaderGate Readers { get; }

    public CallLimits Limits { get; }

    public BodyReader Bodies { get; }

    public IOverviewStore OverviewStore => _stores.Overview;

    /// <summary>What the dashboard knows of the enclaves beyond their state.</summary>
    public AttestedFleet Attested { get; }

    public BackupWatch Backups { get; }

    /// <summary>Whether the database takes changes.</summary>
    public WriteWatch Writes { get; }

    /// <summary>What the dashboard shows.</summary>
    public OverviewBoard Board { get; }

    /// <summary>Other gateways of the same database.</summary>
    public INewsBus Bus { get; }

    public Leases Leases { get; }

    public NewsDesk Desk { get; }

    public Announcements<GroupNews> GroupNews { get; }

    public Announcements<SigningNews> SigningNews { get; }

    /// <summary>The rounds of a signing went a step further, or ended.</summary>
    public Announcements<News> RoundNews { get; }

    public long NowMs => Time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Connects the enclaves and takes up what the database has unfinished.</summary>
    public void Start()
    {
        _credentials.Start();
        Fleet.Start();
        Backups.Start();
        Writes.Start();
        _started = TakeUpAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _started;
        await Backups.DisposeAsync();
        await Writes.DisposeAsync();
        await Desk.DisposeAsync();
        await SigningRunner.DisposeAsync();
        await GroupRunner.DisposeAsync();
        await Bus.DisposeAsync();
        await _credentials.DisposeAsync();
        await Attested.DisposeAsync();
        await Fleet.DisposeAsync();
        _metadata.Dispose();
        await _stores.DisposeAsync();
        Bodies.Dispose();
        Certificates.Dispose();
        Board.Dispose();
        _stopping.Dispose();
    }

    private async Task TakeUpAsync()
    {
        try
        {
            // First listen: what is read after that misses nothing.
            Desk.Start();
            await GroupRunner.StartAsync(_stopping.Token);
            await SigningRunner.StartAsync(_stopping.Token);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
        }
        catch (KeyMeldException exception)
        {
            LogNotTakenUp(exception);
        }
    }

    private static double Jitter()
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        SecureRandom.Fill(bytes);
        return BitConverter.ToUInt32(bytes) / (double)uint.MaxValue;
    }

    [LoggerMessage(EventId = 101, EventName = "unfinished_left", Level = LogLevel.Error, Message = "What the database has unfinished could not be taken up; the next start does")]
    private partial void LogNotTakenUp(Exception exception);
}
