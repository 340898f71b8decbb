using System.Collections.Immutable;
using KeyMeld.Protocol.Ids;
using KeyMeld.Wire.V1;

namespace KeyMeld.Gateway.Storage;

/// <summary>What gateways tell each other about the rounds of signings with members at home. Of one gateway alone there is none: it keeps them in memory.</summary>
internal interface IRoundStore
{
    /// <summary>Where the rounds of a running signing stand, in place of what was written before. Nothing is written for one that does not run.</summary>
    Task WriteAsync(Hash32 request, byte[] snapshot);

    Task<byte[]?> FindAsync(Hash32 request);

    /// <summary>Leaves a member's blob; one of the same place, round and attempt is replaced.</summary>
    Task PostAsync(Hash32 request, int place, RoundBlob blob);

    /// <summary>Takes out what was left, in the order of places and rounds.</summary>
    Task<ImmutableArray<(int Place, RoundBlob Blob)>> TakeAsync(Hash32 request);

    /// <summary>Forgets everything of signings that do not run (any more).</summary>
    Task ClearEndedAsync();
}
