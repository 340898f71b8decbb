using KeyMeld.Enclave.Groups;
using KeyMeld.Enclave.Identity;
using KeyMeld.Protocol.Ids;
using KeyMeld.Wire.V1;

namespace KeyMeld.Enclave.Keys;

/// <summary>
/// Single-signer keys that were used lately, for speed only: every call brings what it takes to open its key, so that nothing is lost with one. Few, within the memory
/// budget, least recently used first to go.
/// </summary>
internal sealed class OwnedKeys : IDisposable
{
    /// <summary>Most that are kept: each holds locked memory.</summary>
    public const int Most = 1024;

    // A secret key in locked memory, its objects, the statement and the bookkeeping: measured, rounded up.
    private const int Weight = 4 * 1024;

    private readonly KeyKeeper _keys;
    private readonly MemoryBudget _budget;
    private readonly Lock _lock = new();
    private readonly Dictionary<Hash32, LinkedListNode<OwnedKey>> _byHash = [];
    private readonly LinkedList<OwnedKey> _byUse = [];
    private long _forgets;

    public OwnedKeys(KeyKeeper keys, MemoryBudget budget)
    {
        (_keys, _budget) = (keys, budget);
        budget.AddRelief(Relief.Keys, EvictOne);
    }

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _byHash.Count;
            }
        }
    }

    /// <summary>The key of a call, from memory or from what the call brings. The caller disposes it.</summary>
    /// <exception cref="Protocol.Errors.KeyMeldException">What is wrong with the statement or the sealed key.</exception>
    public OwnedKey Open(SignedStatement? key, Google.Protobuf.ByteString wire)
    {
        var present = Untrusted.Present(key, "key");
        var hash = Hash32.Sha256(present.Statement.Span);
        var wireHash = Hash32.Sha256(wire.Span);
        long forgets;
        lock (_lock)
        {
            // What was opened from these very bytes was verified then.
            if (_byHash.TryGetValue(hash, out var node) && node.Value.Wire == wireHash)
            {
                _byUse.Remove(node);
                _byUse.AddLast(node);
                node.Value.Retain();
                return node.Value;
            }
            forgets = _forgets;
        }
        var opened = KeyOpening.Open(Untrusted.Statement(present, "key"), wire.Span, _keys.Current);
        Keep(opened, forgets);
        return opened;
    }

    /// <summary>Wipes a key as soon as nobody is using it.</summary>
    public void Forget(Hash32 key)
    {
        lock (_lock)
        {
            _forgets++;
            if (_byHash.TryGetValue(key, out var node))
            {
                Remove(node);
            }
        }
    }

    public void Dispose()
    {
        while (EvictOne())
        {
        }
    }

    // What somebody asked to forget while it was being opened is not kept.
    private void Keep(OwnedKey key, long forgets)
    {
        if (_budget.TryReserve(Weight) is not { } reservation)
        {
            return;
        }
        lock (_lock)
        {
            if (forgets == _forgets)
            {
                if (_byHash.TryGetValue(key.Hash, out var old))
                {
                    Remove(old);
                }
                key.Charge(reservation);
                key.Retain();
                _byHash.Add(key.Hash, _byUse.AddLast(key));
                reservation = null;
            }
        }
        reservation?.Dispose();
        if (Count > Most)
        {
            EvictOne();
        }
    }

    private bool EvictOne()
    {
        lock (_lock)
        {
            if (_byUse.First is not { } oldest)
            {
                return false;
            }
            Remove(oldest);
            return true;
        }
    }

    private void Remove(LinkedListNode<OwnedKey> node)
    {
        _byHash.Remove(node.Value.Hash);
        _byUse.Remove(node);
        node.Value.Dispose();
    }
}
