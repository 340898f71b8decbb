using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Signing;

namespace KeyMeld.Enclave.Signing;

internal static class RequestExtensions
{
    /// <summary>Place of a node among the request's nodes; -1 where it has no part.</summary>
    public static int PlaceOf(this VerifiedRequest request, NodeId node)
    {
        for (var i = 0; i < request.Nodes.Count; i++)
        {
            if (request.Nodes[i] == node)
            {
                return i;
            }
        }
        return -1;
    }
}
