using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace KeyMeld.Secp256k1.Memory;

/// <summary>
/// Pages that never reach swap, a core dump or a forked child, cut into slots of one size and fenced by an unreadable page on both sides. Not thread-safe:
/// its <see cref="LockedPool"/> holds the lock.
/// </summary>
internal sealed unsafe class LockedArena
{
    private readonly byte* _mapping;
    private readonly nuint _mappingLength;
    private readonly byte* _data;
    private readonly int _slotSize;
    private readonly Stack<int> _free;

    public LockedArena(int slotSize, int slots)
    {
        var page = (nuint)Environment.SystemPageSize;
        Length = (((nuint)slotSize * (nuint)slots) + page - 1) / page * page;
        _mappingLength = Length + (2 * page);
        _slotSize = slotSize;
        _mapping = Map(_mappingLength);
        _data = _mapping + page;
        try
        {
            Check(Libc.mprotect(_data, Length, Libc.PROT_READ | Libc.PROT_WRITE), "mprotect");
            Lock(_data, Length);
            Check(Libc.madvise(_data, Length, Libc.MADV_DONTDUMP), "madvise(MADV_DONTDUMP)");
            Check(Libc.madvise(_data, Length, Libc.MADV_WIPEONFORK), "madvise(MADV_WIPEONFORK)");
        }
        catch
        {
            _ = Libc.munmap(_mapping, _mappingLength);
            throw;
        }
        Slots = (int)(Length / (nuint)slotSize);
        _free = new Stack<int>(Enumerable.Range(0, Slots).Reverse());
    }

    public nuint Length { get; }

    public int Slots { get; }

    public bool IsFull => _free.Count == 0;

    public bool IsEmpty => _free.Count == Slots;

    /// <summary>Its place in the pool's list of arenas with room, or -1.</summary>
    public int Index { get; set; } = -1;

    /// <summary>A slot of zeros.</summary>
    public byte* Take() => _data + ((nint)_free.Pop() * _slotSize);

    public void Return(byte* slot)
    {
        CryptographicOperations.ZeroMemory(new Span<byte>(slot, _slotSize));
        _free.Push((int)((slot - _data) / _slotSize));
    }

    public void Unmap() => _ = Libc.munmap(_mapping, _mappingLength);

    private static byte* Map(nuint length)
    {
        if (!OperatingSystem.IsLinux())
            throw new SecureMemoryException("Secrets are kept in locked memory, which is implemented for Linux only.");
        var mapping = Libc.mmap(null, length, Libc.PROT_NONE, Libc.MAP_PRIVATE | Libc.MAP_ANONYMOUS, -1, 0);
        return (nint)mapping == -1 ? throw Failure("mmap") : (byte*)mapping;
    }

    private static void Lock(byte* data, nuint length)
    {
        if (Libc.mlock(data, length) == 0)
            return;
        // The soft limit is often lower than what this process may have.
        if (Libc.getrlimit(Libc.RLIMIT_MEMLOCK, out var limit) == 0 && limit.Current < limit.Maximum)
        {
            limit.Current = limit.Maximum;
            if (Libc.setrlimit(Libc.RLIMIT_MEMLOCK, limit) == 0 && Libc.mlock(data, length) == 0)
                return;
        }
        var error = Marshal.GetLastPInvokeErrorMessage();
        var allowed = limit.Maximum == ulong.MaxValue ? "unlimited" : $"{limit.Maximum} bytes";
        throw new SecureMemoryException($"Memory for secrets could not be locked (mlock: {error}; limit {allowed}). Raise it: ulimit -l, LimitMEMLOCK= or --ulimit memlock.");
    }

    private static void Check(int result, string call)
    {
        if (result != 0)
            throw Failure(call);
    }

    private static SecureMemoryException Failure(string call) => new($"Memory for secrets could not be had ({call}: {Marshal.GetLastPInvokeErrorMessage()}).");
}
