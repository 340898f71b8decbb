using KeyMeld.Gateway.Operations;
using KeyMeld.Protocol;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Gateway.Signing;

/// <summary>
/// How many signings of one group and of one requester are in their rounds at once: as many as the enclaves keep open (protocol.md section 6), so that none of them is refused.
/// </summary>
internal sealed class SigningTurns
{
    private readonly KeyedGate<(Hash32 Group, int? By)> _requesters = new(Limits.OpenRequestsOfRequester);
    private readonly KeyedGate<Hash32> _groups = new(Limits.OpenRequestsOfGroup);

    /// <param name="by">The requesting participant; null is the creator.</param>
    public async Task<IDisposable> TakeAsync(Hash32 group, int? by, CancellationToken cancellationToken)
    {
        var ofRequester = await _requesters.TakeAsync((group, by), cancellationToken);
        try
        {
            return new Turn(ofRequester, await _groups.TakeAsync(group, cancellationToken));
        }
        catch
        {
            ofRequester.Dispose();
            throw;
        }
    }

    private sealed class Turn(IDisposable ofRequester, IDisposable ofGroup) : IDisposable
    {
        public void Dispose()
        {
            ofGroup.Dispose();
            ofRequester.Dispose();
        }
    }
}
