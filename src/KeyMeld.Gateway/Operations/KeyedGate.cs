namespace KeyMeld.Gateway.Operations;

/// <summary>Lets so many in at once for each key; the others wait, first come first served. Keys nobody uses take no memory.</summary>
internal sealed class KeyedGate<TKey>(int places)
    where TKey : notnull
{
    private readonly Lock _lock = new();
    private readonly Dictionary<TKey, Gate> _gates = [];

    public async Task<IDisposable> TakeAsync(TKey key, CancellationToken cancellationToken)
    {
        var gate = Enter(key);
        try
        {
            await gate.Places.WaitAsync(cancellationToken);
        }
        catch
        {
            Leave(key, gate);
            throw;
        }
        return new Place(() =>
        {
            gate.Places.Release();
            Leave(key, gate);
        });
    }

    private Gate Enter(TKey key)
    {
        lock (_lock)
        {
            if (!_gates.TryGetValue(key, out var gate))
            {
                _gates.Add(key, gate = new Gate(new SemaphoreSlim(places)));
            }
            gate.Users++;
            return gate;
        }
    }

    private void Leave(TKey key, Gate gate)
    {
        lock (_lock)
        {
            if (--gate.Users == 0)
            {
                _gates.Remove(key);
                gate.Places.Dispose();
            }
        }
    }

    private sealed class Gate(SemaphoreSlim places)
    {
        public SemaphoreSlim Places { get; } = places;

        public int Users { get; set; }
    }

    private sealed class Place(Action leave) : IDisposable
    {
        private Action? _leave = leave;

        public void Dispose() => Interlocked.Exchange(ref _leave, null)?.Invoke();
    }
}
