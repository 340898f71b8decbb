using KeyMeld.Gateway.Cluster;
using KeyMeld.Gateway.Storage;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Gateway.Signing;

/// <summary>
/// How long this gateway drives what it drives, unless it says so again. Too short costs attempts when a process stands still for a moment, too long leaves the signings of a gateway that died
/// lying; never more. What a gateway's own clock says of leases is nowhere asked: the database gives them and judges them by its clock, so that gateways whose clocks differ agree about each.
/// </summary>
internal sealed class Leases(Id16 owner, TimeSpan length, INewsBus bus)
{
    /// <summary>This gateway, of this start.</summary>
    public Id16 Owner => owner;

    /// <summary>How long one lasts.</summary>
    public TimeSpan Length => length;

    /// <summary>How often they are renewed and those of others looked at.</summary>
    public TimeSpan Renewal => length / 3;

    /// <summary>Whether other gateways may hold some.</summary>
    public bool AreShared => bus.IsShared;

    public Lease New() => new(owner, length);

    /// <summary>This gateway gave up all of its own.</summary>
    public void Released() => bus.Publish(NewsKind.Released, default);
}
