// protocol.md section 6, "Limits": open requests 4 a requester, 16 a group.
using KeyMeld.Protocol;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Enclave.Signing;

/// <summary>Counts the requests for which unused nonces are held, so that nobody fills the enclave with them.</summary>
internal sealed class OpenRequests
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Hash32, int> _ofGroup = [];
    private readonly Dictionary<(Hash32 Roster, int? By), int> _ofRequester = [];

    /// <summary>Counts one more, until the result is disposed.</summary>
    /// <param name="roster">ρ.</param>
    /// <param name="by">Index of the requesting participant; null is the creator.</param>
    /// <param name="replaces">Whether it takes the place of one that is counted already and will be let go of.</param>
    /// <exception cref="KeyMeldException"><c>busy</c>.</exception>
    public IDisposable Enter(Hash32 roster, int? by, bool replaces)
    {
        lock (_lock)
        {
            var full = _ofGroup.GetValueOrDefault(roster) >= Limits.OpenRequestsOfGroup || _ofRequester.GetValueOrDefault((roster, by)) >= Limits.OpenRequestsOfRequester;
            if (full && !replaces)
            {
                throw new KeyMeldException(
                    ErrorCodes.Busy,
                    $"{Limits.OpenRequestsOfRequester} requests of one requester and {Limits.OpenRequestsOfGroup} of one group can be open at once; finish or cancel one.");
            }
            Count(_ofGroup, roster, 1);
            Count(_ofRequester, (roster, by), 1);
        }
        return new Ticket(this, roster, by);
    }

    private static void Count<TKey>(Dictionary<TKey, int> counts, TKey key, int change)
        where TKey : notnull
    {
        var count = counts.GetValueOrDefault(key) + change;
        if (count == 0)
        {
            counts.Remove(key);
        }
        else
        {
            counts[key] = count;
        }
    }

    private sealed class Ticket(OpenRequests requests, Hash32 roster, int? by) : IDisposable
    {
        private int _returned;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _returned, 1) == 0)
            {
                lock (requests._lock)
                {
                    Count(requests._ofGroup, roster, -1);
                    Count(requests._ofRequester, (roster, by), -1);
                }
            }
        }
    }
}
