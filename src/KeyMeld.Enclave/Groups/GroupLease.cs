namespace KeyMeld.Enclave.Groups;

/// <summary>Keeps a loaded group from being wiped until disposed.</summary>
public sealed class GroupLease : IDisposable
{
    private GroupBundle? _bundle;

    /// <summary>Only the cache makes one from nothing, under its lock; everybody else from a lease they hold.</summary>
    internal GroupLease(GroupBundle bundle)
    {
        bundle.Retain();
        _bundle = bundle;
    }

    public GroupBundle Bundle => _bundle ?? throw new ObjectDisposedException(nameof(GroupLease));

    /// <summary>A second lease on the same group, for a holder of its own.</summary>
    public GroupLease Share() => new(Bundle);

    public void Dispose() => Interlocked.Exchange(ref _bundle, null)?.Release();
}
