using System.Collections.Frozen;
using System.Collections.Immutable;
using KeyMeld.Gateway.Configuration;
using KeyMeld.Gateway.Credentials;
using KeyMeld.Gateway.Storage;
using KeyMeld.Gateway.Telemetry;
using KeyMeld.Protocol.Errors;
using KeyMeld.Wire.V1;

namespace KeyMeld.Gateway.Fleet;

/// <summary>All enclaves. Readers take one immutable snapshot; a change swaps it.</summary>
internal sealed class EnclaveFleet : IAsyncDisposable
{
    private readonly FrozenDictionary<uint, EnclaveLink> _links;
    private ImmutableSortedDictionary<uint, EnclaveView> _snapshot = ImmutableSortedDictionary<uint, EnclaveView>.Empty;

    public EnclaveFleet(GatewaySettings settings, CredentialKeeper credentials, ISealedKeyStore store, GatewayTelemetry telemetry, TimeProvider time, ILogger<EnclaveFleet> logger)
    {
        Credentials = credentials;
        credentials.Changed += Push;
        _links = settings.Enclaves.ToFrozenDictionary(
            enclave => enclave.Id,
            enclave => new EnclaveLink(enclave, settings, credentials, store, telemetry, time, logger, Publish));
        foreach (var link in _links.Values)
        {
            Publish(link.View);
        }
    }

    public ImmutableSortedDictionary<uint, EnclaveView> Snapshot => Volatile.Read(ref _snapshot);

    public IReadOnlyCollection<EnclaveLink> Links => _links.Values;

    /// <summary>What the enclaves call KMS with.</summary>
    public CredentialKeeper Credentials { get; }

    public void Start()
    {
        foreach (var link in _links.Values)
        {
            link.Start();
        }
    }

    /// <summary>The link of an enclave's number, null where no such enclave is configured.</summary>
    public EnclaveLink? Find(uint id) => _links.GetValueOrDefault(id);

    /// <exception cref="KeyMeldException">enclave_mismatch: no such enclave is configured here.</exception>
    public EnclaveLink Get(uint id) =>
        Find(id) ?? throw new KeyMeldException(ErrorCodes.EnclaveMismatch, $"This gateway has no enclave {id}.");

    public async ValueTask DisposeAsync()
    {
        Credentials.Changed -= Push;
        foreach (var link in _links.Values)
        {
            await link.DisposeAsync();
        }
    }

    private void Push(AwsCredentials fresh)
    {
        foreach (var link in _links.Values)
        {
            link.Push(fresh);
        }
    }

    private void Publish(EnclaveView view) => ImmutableInterlocked.Update(ref _snapshot, (views, changed) => views.SetItem(changed.Id, changed), view);
}
