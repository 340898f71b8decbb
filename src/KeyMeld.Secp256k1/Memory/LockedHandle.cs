using System.Runtime.InteropServices;

namespace KeyMeld.Secp256k1.Memory;

/// <summary>
/// Owns one zero-initialised slot of locked memory; releasing it wipes the slot. A SafeHandle because a forgotten one is still wiped (by its finalizer), and
/// because a native call holds a reference to it, so that no other thread frees the memory under the call.
/// </summary>
internal abstract class LockedHandle : SafeHandle
{
    private readonly LockedPool? _pool;
    private readonly LockedArena _arena;

    protected LockedHandle(int length)
        : base(0, ownsHandle: true)
    {
        Length = length;
        _pool = LockedPool.For(length);
        (var pointer, _arena) = _pool?.Take() ?? TakePages(length);
        SetHandle(pointer);
    }

    public int Length { get; }

    public override bool IsInvalid => handle == 0;

    /// <summary>The content. Valid until the handle is released: callers outside this assembly get it only through <see cref="SecretBytes"/>.</summary>
    public unsafe Span<byte> Span
    {
        get
        {
            ObjectDisposedException.ThrowIf(IsClosed, this);
            return new Span<byte>((void*)handle, Length);
        }
    }

    /// <summary>Copies the content out while holding a reference, so that a concurrent release cannot happen in between.</summary>
    public void CopyTo(Span<byte> destination)
    {
        var held = false;
        try
        {
            DangerousAddRef(ref held);
            Span.CopyTo(destination);
        }
        finally
        {
            if (held)
                DangerousRelease();
        }
    }

    protected override unsafe bool ReleaseHandle()
    {
        if (_pool is not null)
        {
            _pool.Return(handle, _arena);
        }
        else
        {
            _arena.Return((byte*)handle);
            _arena.Unmap();
        }
        return true;
    }

    private static unsafe (nint Pointer, LockedArena Arena) TakePages(int length)
    {
        var arena = new LockedArena(length, 1);
        return ((nint)arena.Take(), arena);
    }
}
