using System.Net.Sockets;
using KeyMeld.Wire.Transport.Vsock;

namespace KeyMeld.Wire.Transport;

/// <summary>Who may be at the other end (attack N06): of a unix socket this process's own user, of a vsock port one of the given context ids.</summary>
/// <param name="cids">Context ids; with none of them nobody is admitted by vsock.</param>
public sealed class PeerRule(params IEnumerable<uint> cids)
{
    private readonly HashSet<uint> _cids = [.. cids];

    /// <summary>Whether the process that connected may go on.</summary>
    /// <param name="accepted">A socket as it was accepted.</param>
    public bool Admits(Socket accepted)
    {
        ArgumentNullException.ThrowIfNull(accepted);
        return accepted.RemoteEndPoint is VsockEndPoint peer ? _cids.Contains(peer.Cid) : accepted.AddressFamily == AddressFamily.Unix && UnixPeer.IsOwnUser(accepted);
    }
}
