using KeyMeld.Protocol.Ids;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Statements;

/// <summary>One message to sign, and with which key.</summary>
public sealed record SigningItem
{
    /// <summary>Distinct within the request.</summary>
    public required Id16 Item { get; init; }

    /// <summary>The 32 bytes that BIP-340 signs.</summary>
    public required Hash32 Message { get; init; }

    /// <summary>Who signs; null is the whole group.</summary>
    public Id16? Subset { get; init; }

    /// <summary>The chain of this item; null takes that of the terms, an empty chain takes none.</summary>
    public TweakChain? Tweaks { get; init; }

    /// <summary>T, where a pre-signature is asked for.</summary>
    public PublicKey? Adaptor { get; init; }

    /// <summary>The points whose sum T is (<em>and</em>); empty for a single point.</summary>
    public IReadOnlyList<AdaptorPoint> Points { get; init; } = [];

    /// <summary>What the message is, for approvers.</summary>
    public ItemContext? Context { get; init; }
}

/// <summary>One point of an <em>and</em> adaptor.</summary>
/// <param name="Point">Ti.</param>
/// <param name="Proof">BIP-340 by x(Ti), that somebody knows its secret.</param>
public sealed record AdaptorPoint(PublicKey Point, SchnorrSignature Proof);

/// <summary>What a message is, from which an approver recomputes it.</summary>
/// <param name="Type">"sha256": the data is the preimage.</param>
/// <param name="Data">Up to 1 MiB.</param>
public sealed record ItemContext(string Type, ReadOnlyMemory<byte> Data);
