using KeyMeld.Gateway.Storage;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Gateway.Signing;

/// <summary>The attempts of one signing in the database, under this gateway's lease.</summary>
internal sealed class SigningAttempts(ISigningStore store, Hash32 request, Func<Lease> lease)
{
    /// <summary>Reserves the attempt after <paramref name="used"/>; false where the signing is not this gateway's (any more).</summary>
    public Task<bool> ReserveAsync(int used) => store.ReserveAsync(request, used, lease());

    /// <summary>Takes over the attempt an earlier run reserved; false where the signing is not this gateway's (any more).</summary>
    public Task<bool> AdoptAsync(int attempt) => store.AdoptAsync(request, attempt, lease());
}
