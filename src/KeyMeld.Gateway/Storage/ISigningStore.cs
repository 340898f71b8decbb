using System.Collections.Immutable;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Gateway.Storage;

/// <summary>Signings and their approvals. Every change is one transaction and a compare-and-set: false means that the signing was not (any more) as expected.</summary>
internal interface ISigningStore
{
    /// <summary>Adds a request; with a lease, the first attempt is reserved in the same transaction and the signing runs.</summary>
    /// <param name="mostUnfinished">How many unfinished signings the group may have with this one.</param>
    Task<AddedSigning> AddAsync(NewSigning signing, Lease? lease, int mostUnfinished);

    ValueTask<SigningRecord?> FindAsync(Hash32 request);

    /// <summary>Where a signing stands.</summary>
    ValueTask<SigningState?> StateOfAsync(Hash32 request);

    /// <summary>The group a signing belongs to.</summary>
    ValueTask<Hash32?> GroupOfAsync(Hash32 request);

    /// <summary>
    /// Adds a decision to a signing that waits or runs. When it waits and <paramref name="complete"/> says of all decisions so far that it may run,
    /// the first attempt is reserved in the same transaction.
    /// </summary>
    Task<AddedApproval> AddApprovalAsync(Hash32 request, StoredApproval approval, Func<IReadOnlyList<StoredApproval>, bool> complete, Lease lease);

    /// <summary>Takes or keeps the lease and reserves the attempt after <paramref name="attempts"/>, before any of it is used.</summary>
    Task<bool> ReserveAsync(Hash32 request, int attempts, Lease lease);

    /// <summary>Takes or keeps the lease of a running signing that is at attempt <paramref name="attempt"/>, and reserves nothing.</summary>
    Task<bool> AdoptAsync(Hash32 request, int attempt, Lease lease);

    /// <summary>Keeps the leases of everything this owner drives.</summary>
    /// <returns>What that is.</returns>
    Task<ImmutableArray<Hash32>> RenewAsync(Lease lease);

    /// <summary>Gives up what this owner drives, so that another may take it up at once.</summary>
    Task ReleaseAsync(Id16 owner);

    /// <summary>Ends a running signing; only by who holds its lease.</summary>
    Task<bool> FinishAsync(Hash32 request, Id16 owner, SigningOutcome outcome);

    /// <summary>Ends a signing that waits or runs, whoever drives it.</summary>
    Task<bool> CloseAsync(Hash32 request, SigningOutcome outcome);

    /// <summary>Every signing that waits or runs.</summary>
    ValueTask<ImmutableArray<UnfinishedSigning>> UnfinishedAsync();

    /// <summary>What somebody has to see to: signings that run and whose lease is over or given up, and those that still wait though they have expired.</summary>
    /// <param name="now">What has expired by then, in Unix milliseconds; leases go by the clock of the store.</param>
    ValueTask<ImmutableArray<UnfinishedSigning>> AbandonedAsync(long now);

    /// <summary>The unfinished signings of a group.</summary>
    ValueTask<ImmutableArray<Hash32>> UnfinishedOfAsync(Hash32 group);
}

internal enum SigningState
{
    Waiting,
    Running,
    Completed,
    Failed,
    Expired,
    Cancelled,
    Rejected,
}

/// <summary>Who drives a signing, and for how long from when it is written. The store has the clock by which it is given and judged: one for all gateways of a database.</summary>
internal sealed record Lease(Id16 Owner, TimeSpan Length)
{
    public long Milliseconds => (long)Length.TotalMilliseconds;
}

/// <param name="WithoutEnvelope">How many of the group's registrations have no envelope, as far as the caller knows: a formed group changes in nothing else.</param>
internal sealed record NewSigning(Hash32 Request, Hash32 Group, Id16 Signing, long Expires, StoredStatement Statement, byte[] Items, int WithoutEnvelope);

internal enum AddedSigning
{
    Added,

    /// <summary>This very request is there.</summary>
    Repeated,

    /// <summary>Another request stands under this signing id.</summary>
    Taken,

    /// <summary>The group has as many unfinished signings as it may have.</summary>
    TooMany,

    /// <summary>A member erased its envelope, which the caller does not know yet.</summary>
    Changed,
}

/// <param name="Approve">Or reject.</param>
internal sealed record StoredApproval(int Participant, bool Approve, StoredStatement Statement);

/// <param name="State">The signing's state now.</param>
/// <param name="Stands">Whether the decision is stored, by this call or an earlier one with the same bytes.</param>
/// <param name="Started">Whether this decision made it run.</param>
internal sealed record AddedApproval(SigningState State, bool Stands, bool Started);

/// <param name="Result">The round blob as the enclave sent it, exactly when completed.</param>
internal sealed record SigningOutcome(SigningState State, byte[]? Result, StoredError? Error);

internal sealed record SigningRecord(
    Hash32 Request,
    Hash32 Group,
    SigningState State,
    long Expires,
    int Attempts,
    StoredStatement Statement,
    byte[] Items,
    ImmutableArray<StoredApproval> Approvals,
    byte[]? Result,
    StoredError? Error);

internal sealed record UnfinishedSigning(Hash32 Request, SigningState State, long Expires, int Attempts);
