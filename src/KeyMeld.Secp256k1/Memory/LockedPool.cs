namespace KeyMeld.Secp256k1.Memory;

/// <summary>
/// Slots of locked memory of one size. An mlock'ed page per secret would cost two system calls and 4 KiB each, too much for batches of many thousand
/// nonces and for the usual limit of 8 MiB; slots cost about 50 ns and their own size.
/// </summary>
internal sealed unsafe class LockedPool
{
    // The sizes that occur: scalars and session keys, Schnorr keypairs, MuSig2 secret nonces, and few others.
    private static readonly LockedPool[] s_pools = [.. new[] { 32, 64, 96, 136, 256, 1024, 4096 }.Select(size => new LockedPool(size))];
    private const int ArenaBytes = 64 * 1024;

    private readonly int _slotSize;
    private readonly Lock _lock = new();
    private readonly List<LockedArena> _withRoom = [];
    private int _slotsInUse;
    private long _bytesLocked;

    private LockedPool(int slotSize) => _slotSize = slotSize;

    /// <summary>Bytes of memory locked at present by all pools (dedicated mappings of secrets above 4096 bytes not counted).</summary>
    internal static long BytesLocked => s_pools.Sum(pool => Interlocked.Read(ref pool._bytesLocked));

    /// <summary>Secrets alive at present in all pools.</summary>
    internal static int SlotsInUse => s_pools.Sum(pool => Volatile.Read(ref pool._slotsInUse));

    /// <summary>The pool for secrets of <paramref name="length"/> bytes, or null if they get pages of their own.</summary>
    internal static LockedPool? For(int length)
    {
        foreach (var pool in s_pools)
        {
            if (length <= pool._slotSize)
                return pool;
        }
        return null;
    }

    public (nint Pointer, LockedArena Arena) Take()
    {
        lock (_lock)
        {
            if (_withRoom.Count == 0)
                Add(new LockedArena(_slotSize, ArenaBytes / _slotSize));
            var arena = _withRoom[^1];
            var pointer = arena.Take();
            if (arena.IsFull)
                Remove(arena);
            _slotsInUse++;
            return ((nint)pointer, arena);
        }
    }

    public void Return(nint pointer, LockedArena arena)
    {
        lock (_lock)
        {
            var wasFull = arena.IsFull;
            arena.Return((byte*)pointer);
            _slotsInUse--;
            if (wasFull)
            {
                arena.Index = _withRoom.Count;
                _withRoom.Add(arena);
            }
            // One arena with room stays, so that a pool at its edge does not map and unmap in turn.
            if (arena.IsEmpty && _withRoom.Count > 1)
            {
                Remove(arena);
                arena.Unmap();
                _bytesLocked -= (long)arena.Length;
            }
        }
    }

    private void Add(LockedArena arena)
    {
        _bytesLocked += (long)arena.Length;
        arena.Index = _withRoom.Count;
        _withRoom.Add(arena);
    }

    private void Remove(LockedArena arena)
    {
        var last = _withRoom[^1];
        _withRoom[arena.Index] = last;
        last.Index = arena.Index;
        _withRoom.RemoveAt(_withRoom.Count - 1);
        arena.Index = -1;
    }
}
