// protocol.md section 6, "Rounds": the enclaves and the participants signing at home that have at least one signer of the request, in that order.
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;

namespace KeyMeld.Protocol.Signing;

/// <summary>Who takes part in the rounds of a request.</summary>
public static class Nodes
{
    /// <summary>The nodes in their order.</summary>
    /// <param name="manifest">The manifest.</param>
    /// <param name="signers">Indexes of participants of that manifest.</param>
    public static IReadOnlyList<NodeId> Of(Manifest manifest, IEnumerable<int> signers) =>
        [.. signers.Select(signer => Of(manifest, signer)).Distinct().Order()];

    /// <summary>The node that signs for one participant.</summary>
    public static NodeId Of(Manifest manifest, int signer) => manifest.Participants[signer].Enclave is { } enclave ? NodeId.Enclave(enclave) : NodeId.Home(signer);
}
