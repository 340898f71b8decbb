using KeyMeld.Enclave.Groups;
using KeyMeld.Enclave.Identity;
using KeyMeld.Enclave.Keys;
using KeyMeld.Enclave.Signing;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;
using KeyMeld.Wire.V1;
using Microsoft.Extensions.Time.Testing;

namespace KeyMeld.Tests.Enclave.Rounds;

/// <summary>One enclave process without its transport: real desks over a real keyring, with a boot of its own.</summary>
internal sealed class HostedEnclave : IDisposable
{
    public const long DefaultMemory = 64L << 20;

    private readonly EnclaveCounters _counters = new();

    public HostedEnclave(uint id = 0, ManualClock? clock = null, long memory = DefaultMemory, params EpochIdentity[] identities)
    {
        Id = id;
        Clock = clock ?? new ManualClock();
        Identities = identities.Length > 0 ? identities : [NewIdentity(1)];
        var keys = KeyKeeper.Holding(id, [.. Identities]);
        Memory = new MemoryBudget(memory);
        Groups = new LoadedGroups(keys, Memory, _counters);
        GroupDesk = new GroupDesk(keys, Clock, Groups);
        Keys = new KeyDesk(keys, Clock, Memory);
        Signing = new SigningDesk(Clock, Time, Boot, _counters, Memory, Groups);
    }

    public uint Id { get; }

    public IReadOnlyList<EpochIdentity> Identities { get; }

    public EpochIdentity Identity => Identities[^1];

    public ManualClock Clock { get; }

    public FakeTimeProvider Time { get; } = new();

    public Boot Boot { get; } = new();

    public Counters Counters => _counters.Snapshot();

    public MemoryBudget Memory { get; }

    public LoadedGroups Groups { get; }

    public GroupDesk GroupDesk { get; }

    public SigningDesk Signing { get; }

    public KeyDesk Keys { get; }

    /// <summary>As a manifest names it.</summary>
    public EnclaveKeys Entry => new(Identity.Key, Identity.Sign, Identity.Epoch, (int)Id);

    public static EpochIdentity NewIdentity(int epoch) => new(epoch, SecretKey.Generate(), SecretKey.Generate());

    /// <summary>Several enclaves on one clock.</summary>
    public static HostedEnclave[] Fleet(int count, ManualClock? clock = null)
    {
        clock ??= new ManualClock();
        return [.. Enumerable.Range(0, count).Select(id => new HostedEnclave((uint)id, clock))];
    }

    /// <summary>A second process with the same keys: what a restart leaves, or a clone that a malicious host runs beside it.</summary>
    public HostedEnclave Again() => new(Id, Clock, Memory.Limit, [.. Identities]);

    public void Dispose()
    {
        Signing.Dispose();
        Keys.Dispose();
        Groups.Dispose();
    }
}
