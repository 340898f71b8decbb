using System.Diagnostics.CodeAnalysis;

namespace KeyMeld.Enclave.Groups;

/// <summary>One asynchronous lock for each key, existing only while somebody holds it or waits for it.</summary>
public sealed class KeyedGates<TKey>
    where TKey : struct, IEquatable<TKey>
{
    private readonly Dictionary<TKey, Gate> _gates = [];

    /// <summary>Waits for the key and holds it until the result is disposed.</summary>
    public async Task<IDisposable> EnterAsync(TKey key, CancellationToken cancellation)
    {
        var gate = Borrow(key);
        try
        {
            await gate.Semaphore.WaitAsync(cancellation);
        }
        catch
        {
            Return(key, gate);
            throw;
        }
        return new Held(this, key, gate);
    }

    /// <summary>Holds the key if nobody else does.</summary>
    public bool TryEnter(TKey key, [NotNullWhen(true)] out IDisposable? held)
    {
        var gate = Borrow(key);
        if (gate.Semaphore.Wait(0, CancellationToken.None))
        {
            held = new Held(this, key, gate);
            return true;
        }
        Return(key, gate);
        held = null;
        return false;
    }

    private Gate Borrow(TKey key)
    {
        lock (_gates)
        {
            if (!_gates.TryGetValue(key, out var gate))
            {
                _gates.Add(key, gate = new Gate());
            }
            gate.Users++;
            return gate;
        }
    }

    private void Return(TKey key, Gate gate)
    {
        lock (_gates)
        {
            if (--gate.Users == 0)
            {
                _gates.Remove(key);
                gate.Semaphore.Dispose();
            }
        }
    }

    private sealed class Gate
    {
        public SemaphoreSlim Semaphore { get; } = new(1, 1);

        public int Users { get; set; }
    }

    private sealed class Held(KeyedGates<TKey> gates, TKey key, Gate gate) : IDisposable
    {
        private int _released;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _released, 1) == 0)
            {
                gate.Semaphore.Release();
                gates.Return(key, gate);
            }
        }
    }
}
