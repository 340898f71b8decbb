// protocol.md section 5: the complete, verified set, with every envelope this enclave was handed opened and found to hold the registered key.
using System.Collections.Concurrent;
using KeyMeld.Enclave.Identity;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Groups;
using KeyMeld.Protocol.Hpke;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Rounds;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;
using KeyMeld.Wire.V1;

namespace KeyMeld.Enclave.Groups;

/// <summary>A loaded group: roster, session secret, and the keys of the members hosted here. Wiped when the last holder lets go of it.</summary>
public sealed class GroupBundle
{
    private const int SecretSize = 32;

    private readonly SessionSecret _secret;
    private MemoryReservation? _reservation;
    private readonly ConcurrentDictionary<int, SecretKey> _members;
    private int _holders = 1;

    private GroupBundle(Roster roster, SessionSecret secret, int index, EpochIdentity identity, ConcurrentDictionary<int, SecretKey> members)
    {
        Roster = roster;
        Cipher = new SessionCipher(secret, roster.ManifestHash);
        Index = index;
        Identity = identity;
        (_secret, _members) = (secret, members);
    }

    public Roster Roster { get; }

    public Hash32 RosterHash => Roster.RosterHash;

    public Hash32 ManifestHash => Roster.ManifestHash;

    /// <summary>What the members encrypt with.</summary>
    public SessionCipher Cipher { get; }

    /// <summary>This enclave's index in the manifest.</summary>
    public int Index { get; }

    /// <summary>This enclave as a node of the rounds.</summary>
    public NodeId Node => NodeId.Enclave(Index);

    /// <summary>This enclave's identity of the epoch the manifest names.</summary>
    public EpochIdentity Identity { get; }

    /// <summary>Whether somebody besides the cache holds it.</summary>
    internal bool IsLeased => Volatile.Read(ref _holders) > 1;

    /// <summary>Whether it has the keys of all members hosted here.</summary>
    public bool IsComplete => Holds(Roster.Members.Select(member => member.Index));

    /// <summary>Whether it has the keys of those of <paramref name="signers"/> that are hosted here.</summary>
    public bool Holds(IEnumerable<int> signers) =>
        signers.All(signer => signer >= Roster.Members.Count || Roster.Members[signer].Enclave != Index || _members.ContainsKey(signer));

    /// <summary>The key of a member hosted here.</summary>
    /// <exception cref="KeyMeldException"><c>not_loaded</c>: it was forgotten, or never handed over.</exception>
    public SecretKey KeyOf(int participant) => _members.TryGetValue(participant, out var key)
        ? key
        : throw new KeyMeldException(ErrorCodes.NotLoaded, $"The key of place {participant} is not in the enclave's memory.");

    /// <summary>Says what this enclave says in the rounds of this group.</summary>
    internal RoundWriter WriterOf(Boot boot) => new(Node, boot.Id, Cipher, Identity.StatementKey);

    /// <summary>Whether the host asked to forget this group: what was begun with it is not finished.</summary>
    internal bool IsForgotten
    {
        get => Volatile.Read(ref field);
        set => Volatile.Write(ref field, value);
    }

    /// <summary>Verifies and opens everything. The caller is its first holder.</summary>
    /// <exception cref="KeyMeldException">What does not hold.</exception>
    internal static GroupBundle Load(UntrustedBundle bundle, Keyring keyring)
    {
        var keygen = OpenedKeygen.Open(bundle.Keygen, keyring);
        var members = new ConcurrentDictionary<int, SecretKey>();
        try
        {
            var registrations = bundle.Registrations.Select(registration => Untrusted.Statement(registration, "registration")).ToList();
            var roster = Roster.Verify(keygen.Manifest, bundle.Keygen.Terms.Span, keygen.Secret, registrations);
            foreach (var envelope in bundle.Envelopes)
            {
                Add(members, roster, keygen, envelope);
            }
            return new GroupBundle(roster, keygen.Secret, keygen.Index, keygen.Identity, members);
        }
        catch
        {
            Wipe(members);
            keygen.Dispose();
            throw;
        }
    }

    /// <summary>Opens one envelope and checks it against its registration.</summary>
    internal static SecretKey OpenEnvelope(EpochIdentity identity, RosterMember member, ReadOnlySpan<byte> wire) =>
        wire.Length == (member.Source == KeySource.Made ? AesGcmWire.Overhead : HpkeSealer.Overhead) + SecretSize
            ? MemberEnvelope.Open(identity.IdentityKey, member, wire)
            : throw new KeyMeldException(ErrorCodes.EnvelopeUnreadable, $"The envelope of place {member.Index} has not the size of one.");

    /// <summary>Takes over the keys that it lacks and <paramref name="other"/>, of the same ρ, has.</summary>
    internal void TakeKeysOf(GroupBundle other)
    {
        foreach (var index in other._members.Keys)
        {
            if (!_members.ContainsKey(index) && other._members.TryRemove(index, out var key))
            {
                _members[index] = key;
            }
        }
    }

    /// <summary>Takes a member's key out, so that nobody begins to use it.</summary>
    internal SecretKey? TakeMember(int participant) => _members.TryRemove(participant, out var key) ? key : null;

    /// <summary>What it takes of the memory budget: measured sizes of the objects, rounded up.</summary>
    internal long Weigh()
    {
        const int Fixed = 8 * 1024;
        const int Member = 4 * 1024;
        const int Key = 2 * 1024;
        var manifest = Roster.Manifest;
        var indexes = manifest.Value.Subsets.Sum(subset => (long)subset.Members.Count);
        return Fixed + (4L * manifest.Bytes.Length) + (12L * Roster.Terms.Encode().Length) + ((long)Member * Roster.Members.Count)
            + (Key * (1L + manifest.Value.Subsets.Count)) + (32 * indexes);
    }

    /// <summary>Hands over the memory taken for this bundle; it is given back when the bundle is wiped.</summary>
    internal void Charge(MemoryReservation reservation) => _reservation = reservation;

    internal void Retain() => Interlocked.Increment(ref _holders);

    internal void Release()
    {
        if (Interlocked.Decrement(ref _holders) == 0)
        {
            Wipe(_members);
            _secret.Dispose();
            _reservation?.Dispose();
        }
    }

    private static void Add(ConcurrentDictionary<int, SecretKey> members, Roster roster, OpenedKeygen keygen, Envelope envelope)
    {
        var participant = Untrusted.Number(envelope.Participant, "participant of an envelope");
        if (participant >= roster.Members.Count || roster.Members[participant].Enclave != keygen.Index || members.ContainsKey(participant))
        {
            throw new KeyMeldException(ErrorCodes.EnvelopeMismatch, $"An envelope is for place {participant}, which this enclave does not host or has already.");
        }
        members[participant] = OpenEnvelope(keygen.Identity, roster.Members[participant], envelope.Sealed.Span);
    }

    private static void Wipe(ConcurrentDictionary<int, SecretKey> members)
    {
        foreach (var key in members.Values)
        {
            key.Dispose();
        }
    }
}
