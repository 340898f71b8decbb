using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Signing;
using KeyMeld.Secp256k1;

namespace KeyMeld.Enclave.Signing;

/// <summary>Why an item cannot complete, and whose fault that is.</summary>
internal sealed record ItemFault(string Code, NodeId? Node);

/// <summary>What follows from a verified round-1 set: for each item the session to sign in, or why it is left out. Public facts and messages, no secret.</summary>
internal sealed class PreparedRound
{
    public required VerifiedRequest Request { get; init; }

    public required PairMap Pairs { get; init; }

    public required int Attempt { get; init; }

    public required Hash32 Tau { get; init; }

    /// <summary>One an item; null where it is left out.</summary>
    public required SigningSession?[] Sessions { get; init; }

    /// <summary>One an item; null where it is not left out.</summary>
    public required ItemFault?[] Faults { get; init; }

    /// <summary>The public nonce of every pair, as far as they are valid: needed only to find who spoiled an item. Null where they were dropped.</summary>
    public PublicNonce?[]? Nonces { get; private set; }

    public void Keep(PublicNonce?[] nonces) => Nonces = nonces;

    /// <summary>Keeps only what signing and aggregating need.</summary>
    public void DropNonces() => Nonces = null;

    public bool IsLeftOut(int item) => Sessions[item] is null;
}
