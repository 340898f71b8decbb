using System.Collections.Immutable;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Signing;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Rounds;

/// <summary>Why an item cannot complete, and whose fault that is.</summary>
/// <param name="Code">From the error table.</param>
/// <param name="Node">The node; null where nobody is to blame.</param>
public sealed record ItemFault(string Code, NodeId? Node);

/// <summary>What follows from a verified round-1 set: for each item the session to sign in, or why it is left out. Public facts and messages, no secret.</summary>
public sealed class PreparedRound
{
    /// <summary>The request.</summary>
    public required VerifiedRequest Request { get; init; }

    /// <summary>Its pairs.</summary>
    public required PairMap Pairs { get; init; }

    /// <summary>The attempt.</summary>
    public required int Attempt { get; init; }

    /// <summary>τ of the set.</summary>
    public required Hash32 Tau { get; init; }

    /// <summary>Of the blobs of the set, as they were verified.</summary>
    public required ImmutableArray<BlobSeal> Seals { get; init; }

    /// <summary>Whether every item was looked at, or only those that one node signs.</summary>
    public required bool IsWhole { get; init; }

    /// <summary>One an item; null where it is left out.</summary>
    public required SigningSession?[] Sessions { get; init; }

    /// <summary>One an item; null where it is not left out.</summary>
    public required ItemFault?[] Faults { get; init; }

    /// <summary>The public nonce of every pair, as far as they are valid: needed only to find who spoiled an item. Null where they were dropped.</summary>
    public PublicNonce?[]? Nonces { get; private set; }

    /// <summary>Keeps the public nonces.</summary>
    public void Keep(PublicNonce?[] nonces) => Nonces = nonces;

    /// <summary>Keeps only what signing and aggregating need.</summary>
    public void DropNonces() => Nonces = null;

    /// <summary>Whether nobody signs the item in this attempt.</summary>
    public bool IsLeftOut(int item) => Sessions[item] is null;
}
