// protocol.md section 6, "Rounds" and "Blame": one blob of every node, in node order, each signed for exactly these values; anything else is relay_fault and names nobody.
using System.Collections.Immutable;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Groups;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Protocol.Signing;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Rounds;

/// <summary>The blobs of one round, as handed over. What follows from their bytes alone is <see cref="Tau"/>; the rest needs <see cref="Verify"/>.</summary>
public sealed class BlobSet
{
    /// <summary>A set nobody has checked.</summary>
    /// <param name="blobs">One of each node.</param>
    public BlobSet(IReadOnlyList<RoundBlobEnvelope> blobs)
    {
        Blobs = blobs;
        Hashes = [.. blobs.Select(blob => blob.BlobHash)];
    }

    /// <summary>The blobs, as handed over.</summary>
    public IReadOnlyList<RoundBlobEnvelope> Blobs { get; }

    /// <summary>SHA-256 of each blob.</summary>
    public IReadOnlyList<Hash32> Hashes { get; }

    /// <summary>All of every blob but its content, which τ names.</summary>
    public ImmutableArray<BlobSeal> Seals => [.. Blobs.Select(blob => new BlobSeal(blob.Node, blob.Attempt, blob.Boot, blob.Tau, blob.Signature))];

    /// <summary>τ, where this is a round-1 set.</summary>
    public Hash32 Tau() => Round1Set.Tau(Hashes);

    /// <summary>Requires one blob of every node of the request, in order, for this attempt and τ, with its node's signature.</summary>
    /// <param name="purpose"><see cref="Purposes.Round1"/> or <see cref="Purposes.Round2"/>.</param>
    /// <param name="request">The request.</param>
    /// <param name="attempt">The attempt.</param>
    /// <param name="tau">τ; null in round 1.</param>
    /// <param name="own">The receiving node's own blob, where it is known: it must be in the set as it was answered.</param>
    /// <exception cref="KeyMeldException"><c>relay_fault</c>.</exception>
    public void Verify(string purpose, VerifiedRequest request, int attempt, Hash32? tau, RoundBlobEnvelope? own = null)
    {
        if (Blobs.Count != request.Nodes.Count)
        {
            throw Fault($"There are {Blobs.Count} blobs of {request.Nodes.Count} nodes.");
        }
        for (var i = 0; i < Blobs.Count; i++)
        {
            var blob = Blobs[i];
            if (blob.Node != request.Nodes[i] || blob.Attempt != attempt || blob.Tau != tau)
            {
                throw Fault($"The blob of {request.Nodes[i]} is another node's, or of another attempt or set.");
            }
            var valid = own is not null && own.Node == blob.Node
                ? own.Boot == blob.Boot && own.Signature.Equals(blob.Signature) && own.Blob.Span.SequenceEqual(blob.Blob.Span)
                : IsSigned(purpose, request, blob, Hashes[i]);
            if (!valid)
            {
                throw Fault($"The blob of {request.Nodes[i]} is not as that node signed it.");
            }
        }
    }

    /// <summary>The key with which a node signs: an enclave's statement key of the epoch in the manifest, a home's authorisation key.</summary>
    public static XOnlyPublicKey KeyOf(Roster roster, NodeId node) =>
        node.Kind == NodeKind.Enclave ? roster.Manifest.Value.Enclaves[node.Index].Sign : roster.Members[node.Index].Auth;

    private static bool IsSigned(string purpose, VerifiedRequest request, RoundBlobEnvelope blob, Hash32 hash)
    {
        var digest = RoundBlobEnvelope.Digest(purpose, request.Roster.RosterHash, request.Digest, blob.Attempt, blob.Node, blob.Boot, blob.Tau, hash);
        return KeyOf(request.Roster, blob.Node).Verify(digest.Bytes, blob.Signature);
    }

    private static KeyMeldException Fault(string message) => new(ErrorCodes.RelayFault, message);
}

/// <summary>What a round blob says beside its content. Two sets with the same τ and equal seals are the same, byte for byte: whoever verified one has verified the other.</summary>
/// <param name="Node">Who says it.</param>
/// <param name="Attempt">In which attempt.</param>
/// <param name="Boot">In which boot.</param>
/// <param name="Tau">τ; null in round 1.</param>
/// <param name="Signature">The node's.</param>
public readonly record struct BlobSeal(NodeId Node, int Attempt, Id16 Boot, Hash32? Tau, SchnorrSignature Signature);
