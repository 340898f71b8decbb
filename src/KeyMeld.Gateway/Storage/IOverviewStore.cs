using System.Collections.Immutable;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Gateway.Storage;

/// <summary>What an operator is shown of the database. Every question costs the same however many rows there are: counts stop, lists are short and come from an index.</summary>
internal interface IOverviewStore
{
    /// <summary>Signings under way, then those that wait, each with the nearest deadline first.</summary>
    /// <param name="most">How many of them altogether.</param>
    ValueTask<InFlight> InFlightAsync(int most);

    /// <summary>The newest groups that are joining.</summary>
    /// <param name="most">How many of them.</param>
    ValueTask<Joining> JoiningAsync(int most);

    /// <summary>The newest signings, then the newest groups, that failed or expired, whichever gateway had them.</summary>
    /// <param name="since">Not those that ended before, in Unix milliseconds.</param>
    /// <param name="most">How many of each.</param>
    ValueTask<ImmutableArray<StoredFailure>> FailedAsync(long since, int most);

    /// <summary>When the newest backup was made.</summary>
    ValueTask<BackupFacts> BackupAsync();

    /// <summary>What database it is.</summary>
    ValueTask<DatabaseFacts> FactsAsync();
}

internal static class OverviewCounts
{
    /// <summary>Counting stops here.</summary>
    public const int CountedTo = 10_000;
}

/// <param name="Waiting">At most <see cref="OverviewCounts.CountedTo"/>, as is <paramref name="Running"/>.</param>
internal sealed record InFlight(int Waiting, int Running, ImmutableArray<InFlightSigning> Nearest);

internal sealed record InFlightSigning(Hash32 Request, Hash32 Group, SigningState State, long Expires, int Attempts, StoredStatement Statement, ImmutableArray<StoredApproval> Approvals);

/// <param name="Count">At most <see cref="OverviewCounts.CountedTo"/>.</param>
internal sealed record Joining(int Count, ImmutableArray<JoiningGroup> Newest);

internal sealed record JoiningGroup(Hash32 Group, long Created);

/// <param name="Signing">Null where it is the group that failed.</param>
/// <param name="Code">Null where it has none.</param>
/// <param name="At">When it ended, Unix milliseconds.</param>
/// <param name="Attempts">Of a signing: none where it never came to its rounds.</param>
internal sealed record StoredFailure(Hash32? Signing, Hash32 Group, string? Code, long At, int? Attempts = null);

/// <param name="Last">Of which moment the newest backup is, in Unix milliseconds; null where none was ever made of this database.</param>
/// <param name="Made">When the database was made: by its first migration, a restore or a copy.</param>
internal sealed record BackupFacts(long? Last, long Made);

/// <param name="Bytes">Its size on disk.</param>
/// <param name="Migration">The newest it has.</param>
internal sealed record DatabaseFacts(string Kind, long Bytes, int Migration, string MigrationName);
