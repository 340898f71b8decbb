namespace KeyMeld.Gateway.Telemetry;

/// <summary>How many calls are held open now.</summary>
internal sealed class HeldCalls
{
    private int _waits;
    private int _streams;

    /// <summary>Calls with <c>Prefer: wait</c>.</summary>
    public int Waits => Volatile.Read(ref _waits);

    /// <summary>Streams of events.</summary>
    public int Streams => Volatile.Read(ref _streams);

    /// <summary>A call waits until this is disposed.</summary>
    /// <param name="place">Its place among what an address may hold open, given back with it.</param>
    public IDisposable Wait(IDisposable place)
    {
        Interlocked.Increment(ref _waits);
        return new Held(place, () => Interlocked.Decrement(ref _waits));
    }

    /// <summary>A stream is open until this is disposed.</summary>
    /// <param name="place">Its place among what an address may hold open, given back with it.</param>
    public IDisposable Stream(IDisposable place)
    {
        Interlocked.Increment(ref _streams);
        return new Held(place, () => Interlocked.Decrement(ref _streams));
    }

    private sealed class Held(IDisposable place, Action ended) : IDisposable
    {
        private Action? _ended = ended;

        public void Dispose()
        {
            place.Dispose();
            Interlocked.Exchange(ref _ended, null)?.Invoke();
        }
    }
}
