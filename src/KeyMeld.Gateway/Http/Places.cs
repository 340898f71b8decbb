namespace KeyMeld.Gateway.Http;

/// <summary>A number of places (open waits, connections, bytes of bodies) that callers hold for a while, altogether and each. Only who holds something takes memory.</summary>
/// <typeparam name="T">What a caller is known by.</typeparam>
/// <param name="altogether">Places there are.</param>
/// <param name="each">Places one caller may hold.</param>
internal sealed class Places<T>(long altogether, long each)
    where T : struct, IEquatable<T>
{
    private readonly Dictionary<T, long> _held = [];
    private readonly Lock _one = new();
    private long _total;

    /// <summary>Callers that hold something now.</summary>
    public int Callers
    {
        get
        {
            lock (_one)
            {
                return _held.Count;
            }
        }
    }

    /// <summary>Takes places until the answer is disposed of; null where there are not so many for this caller, or altogether.</summary>
    /// <param name="most">Places this caller may hold, where it is not like the others.</param>
    public IDisposable? TryTake(T caller, long places = 1, long? most = null)
    {
        lock (_one)
        {
            _held.TryGetValue(caller, out var held);
            if (held + places > (most ?? each) || _total + places > altogether)
            {
                return null;
            }
            _held[caller] = held + places;
            _total += places;
        }
        return new Taken(this, caller, places);
    }

    private void Return(T caller, long places)
    {
        lock (_one)
        {
            _total -= places;
            if ((_held[caller] -= places) == 0)
            {
                _held.Remove(caller);
            }
        }
    }

    private sealed class Taken(Places<T> owner, T caller, long places) : IDisposable
    {
        private int _returned;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _returned, 1) == 0)
            {
                owner.Return(caller, places);
            }
        }
    }
}
