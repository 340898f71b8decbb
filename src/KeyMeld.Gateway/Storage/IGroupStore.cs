using System.Collections.Immutable;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Gateway.Storage;

/// <summary>
/// Groups, from the manifest to the receipts. Every change is one transaction and a compare-and-set: false means that the group was not (any more) as expected.
/// Reads end at once where the database is a file of this process. Everything may fail with storage_failed.
/// </summary>
internal interface IGroupStore
{
    /// <summary>False when the group is there already.</summary>
    Task<bool> AddAsync(NewGroup group);

    ValueTask<GroupRecord?> FindAsync(Hash32 group);

    /// <summary>The group of a roster; a roster is known once the group is formed.</summary>
    ValueTask<Hash32?> FindByRosterAsync(Hash32 roster);

    /// <summary>Whether the group, which may be erased or never have been, has this reader.</summary>
    ValueTask<bool> HasReaderAsync(Hash32 group, ReadOnlySpan<byte> key);

    /// <summary>Admits one participant, if the group is joining and has exactly <paramref name="accepted"/> registrations so far.</summary>
    /// <param name="completes">Whether everybody has joined with this one.</param>
    Task<bool> AddRegistrationAsync(Hash32 group, int accepted, StoredRegistration registration, ReadOnlyMemory<byte> readerKey, bool completes = false);

    /// <summary>From joining to formed.</summary>
    Task<bool> FormAsync(Hash32 group, Hash32 roster, ImmutableArray<StoredReceipt> receipts);

    /// <summary>From joining to failed or expired.</summary>
    Task<bool> CloseAsync(Hash32 group, GroupState state, StoredError? error);

    /// <summary>From anything but formed to erased: the ciphertext goes, hashes stay, that of the statement that asked for it among them.</summary>
    Task<bool> EraseAsync(Hash32 group, Hash32 statement);

    /// <summary>Takes one member's envelope out of a formed group. False when there is none (any more).</summary>
    Task<bool> EraseEnvelopeAsync(Hash32 group, int participant);

    /// <summary>Groups that are joining and that somebody has to see to: those complete for as long as <paramref name="after"/> by the clock of the store, and those whose time to join was over at <paramref name="now"/>.</summary>
    ValueTask<ImmutableArray<Hash32>> AbandonedAsync(long now, TimeSpan after);

    /// <summary>Every group that is joining.</summary>
    ValueTask<ImmutableArray<Hash32>> UnfinishedAsync();
}

internal enum GroupState
{
    Joining,
    Formed,
    Failed,
    Expired,
    Erased,
}

/// <param name="Code">From the table of error codes.</param>
internal sealed record StoredError(string Code, string Detail);

internal sealed record StoredReceipt(int Enclave, byte[] Signature);

/// <param name="Statement">Null once the group is erased.</param>
/// <param name="Envelope">Null for a member without one, and once it is erased.</param>
internal sealed record StoredRegistration(int Participant, Hash32 StatementHash, StoredStatement? Statement, byte[]? Envelope);

/// <param name="Readers">The keys that may read it: the creator's and the admission keys.</param>
internal sealed record NewGroup(
    Hash32 Hash, StoredStatement Manifest, byte[] Terms, ImmutableArray<byte[]> SessionSecrets, long? JoinBy, long Created, ImmutableArray<ReadOnlyMemory<byte>> Readers);

/// <param name="Manifest">Null, like terms and secrets, once erased.</param>
internal sealed record GroupRecord(
    Hash32 Hash,
    GroupState State,
    StoredStatement? Manifest,
    byte[]? Terms,
    ImmutableArray<byte[]> SessionSecrets,
    ImmutableArray<StoredRegistration> Registrations,
    ImmutableArray<StoredReceipt> Receipts,
    Hash32? Roster,
    StoredError? Error,
    Hash32? EraseStatement);
