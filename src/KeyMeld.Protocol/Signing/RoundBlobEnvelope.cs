// protocol.md section 6, "Rounds": how a round blob travels, and what its node signs:
// TH("KeyMeld/v1/round", CBOR [purpose, ρ, D, attempt, node, boot, τ or null, SHA-256(blob)]).
using KeyMeld.Protocol.Encoding;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Signing;

/// <summary>An encrypted round1, round2 or result with its node's signature, which nobody has checked yet.</summary>
/// <param name="Attempt">From 1.</param>
/// <param name="Node">Who says it.</param>
/// <param name="Boot">In which boot of that node.</param>
/// <param name="Tau">τ; null in round 1.</param>
/// <param name="Blob">The session-encrypted blob.</param>
/// <param name="Signature">By the node's statement or authorisation key.</param>
public sealed record RoundBlobEnvelope(int Attempt, NodeId Node, Id16 Boot, Hash32? Tau, ReadOnlyMemory<byte> Blob, SchnorrSignature Signature)
{
    /// <summary>Signs at the node.</summary>
    /// <param name="purpose"><see cref="Purposes.Round1"/>, <see cref="Purposes.Round2"/> or <see cref="Purposes.Result"/>.</param>
    /// <param name="roster">ρ.</param>
    /// <param name="request">D.</param>
    /// <param name="attempt">The attempt.</param>
    /// <param name="node">The node.</param>
    /// <param name="boot">Its boot.</param>
    /// <param name="tau">τ; null in round 1.</param>
    /// <param name="blob">The encrypted blob; not copied.</param>
    /// <param name="key">The node's statement or authorisation key.</param>
    public static RoundBlobEnvelope Sign(string purpose, Hash32 roster, Hash32 request, int attempt, NodeId node, Id16 boot, Hash32? tau, ReadOnlyMemory<byte> blob, SecretKey key) =>
        new(attempt, node, boot, tau, blob, key.SignSchnorr(Digest(purpose, roster, request, attempt, node, boot, tau, Hash32.Sha256(blob.Span)).Bytes));

    /// <summary>What the signature is over.</summary>
    public static Hash32 Digest(string purpose, Hash32 roster, Hash32 request, int attempt, NodeId node, Id16 boot, Hash32? tau, Hash32 blob)
    {
        var encoder = new CborEncoder().Array(8).Text(purpose).Hash(roster).Hash(request).Number(attempt);
        node.Write(encoder);
        encoder.Id(boot);
        _ = tau is { } value ? encoder.Hash(value) : encoder.Null();
        return Hash32.Tagged("KeyMeld/v1/round", encoder.Hash(blob).Written);
    }

    /// <summary>SHA-256 of the blob, as the signature and τ take it.</summary>
    public Hash32 BlobHash => Hash32.Sha256(Blob.Span);

    /// <summary>Whether the signature is that key's, for this purpose, roster and request and for what the envelope says itself. τ is there exactly outside round 1.</summary>
    public bool Verify(string purpose, Hash32 roster, Hash32 request, XOnlyPublicKey key) =>
        Attempt >= 1 && Node.Index >= 0 && Node.Kind is (NodeKind.Enclave or NodeKind.Home) && Tau is null == (purpose == Purposes.Round1) && key.Verify(Digest(purpose, roster, request, Attempt, Node, Boot, Tau, BlobHash).Bytes, Signature);
}
