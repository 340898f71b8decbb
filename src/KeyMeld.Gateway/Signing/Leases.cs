using KeyMeld.Gateway.Cluster;
using KeyMeld.Gateway.Storage;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Gateway.Signing;

/// <summary>
/// How long this gateway drives what it drives, unless it says so again. Too short costs attempts when a process stands still for a moment, too long leaves the signings of a gateway that died
/// lying; never more. The clocks of the gateways count, so they must agree as those of clients do.
/// </summary>
internal sealed class Leases(Id16 owner, TimeSpan length, INewsBus bus, TimeProvider time)
{
    /// <summary>This gateway, of this start.</summary>
    public Id16 Owner => owner;

    /// <summary>How long one lasts.</summary>
    public TimeSpan Length => length;

    /// <summary>How often they are renewed and those of others looked at.</summary>
    public TimeSpan Renewal => length / 3;

    /// <summary>Whether other gateways may hold some.</summary>
    public bool AreShared => bus.IsShared;

    public Lease New()
    {
        var now = time.GetUtcNow();
        return new Lease(owner, now.ToUnixTimeMilliseconds(), (now + length).ToUnixTimeMilliseconds());
    }

    /// <summary>This gateway gave up all of its own.</summary>
    public void Released() => bus.Publish(NewsKind.Released, default);
}
