// protocol.md section 9: POST /signing, GET /signing/{D}.
using System.Text.Json.Serialization;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Signing;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Http;

/// <summary>Body of POST /signing.</summary>
/// <param name="Request">The signing-request, signed by its requester.</param>
/// <param name="Items">The session-encrypted items.</param>
public sealed record SigningPostJson(SignedJson Request, byte[] Items);

/// <summary>Answer of POST /signing. Answers may grow members that this version does not know.</summary>
/// <param name="Id">The request digest D.</param>
/// <param name="State">See <see cref="SigningJson"/>.</param>
/// <param name="Result">The result where it is there already.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)]
public sealed record SigningPostedJson(Hash32 Id, string State, RoundBlobJson? Result = null);

/// <summary>Answer of GET /signing/{D}.</summary>
/// <param name="Id">The request digest D.</param>
/// <param name="State">waiting, running, completed, failed, expired, cancelled or rejected.</param>
/// <param name="Request">As posted.</param>
/// <param name="Items">As posted.</param>
/// <param name="Approvals">Approvals and rejections received.</param>
/// <param name="Attempts">Attempts so far.</param>
/// <param name="Result">Encrypted and signed by the enclave that combined.</param>
/// <param name="Error">Stable code where it failed.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)]
public sealed record SigningJson(
    Hash32 Id, string State, SignedJson Request, byte[] Items, IReadOnlyList<SignedJson> Approvals, int Attempts, RoundBlobJson? Result = null, string? Error = null)
{
    /// <summary>Approvals and rejections received.</summary>
    public IReadOnlyList<SignedJson> Approvals { get; init; } = JsonLists.WithoutNull(Approvals);
}

/// <summary>Answer of GET /signing/{D}/rounds: what is due from the calling member, who signs at home.</summary>
/// <param name="Id">The request digest D.</param>
/// <param name="State">See <see cref="SigningJson"/>.</param>
/// <param name="Attempt">The attempt, where the rounds are under way.</param>
/// <param name="Round"><see cref="First"/> or <see cref="Second"/>; absent where nothing is due from the caller at present.</param>
/// <param name="Round1">For the second round, one blob of every node in node order.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)]
public sealed record RoundsJson(Hash32 Id, string State, int? Attempt = null, string? Round = null, IReadOnlyList<RoundBlobJson>? Round1 = null)
{
    /// <summary>Public nonces are due.</summary>
    public const string First = "round1";

    /// <summary>Partial signatures are due.</summary>
    public const string Second = "round2";

    /// <summary>For the second round, one blob of every node in node order.</summary>
    public IReadOnlyList<RoundBlobJson>? Round1 { get; init; } = Round1 is null ? null : JsonLists.WithoutNull(Round1);
}

/// <summary>A round blob as it travels (section 6).</summary>
/// <param name="Attempt">From 1.</param>
/// <param name="Node">[0, enclave index] or [1, participant index].</param>
/// <param name="Boot">16 bytes of the node's process.</param>
/// <param name="Tau">Hash of the round-1 set; null in round 1.</param>
/// <param name="Blob">The encrypted content.</param>
/// <param name="Signature">By the node.</param>
public sealed record RoundBlobJson(
    int Attempt, IReadOnlyList<int> Node, Id16 Boot, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] Hash32? Tau, byte[] Blob, SchnorrSignature Signature)
{
    /// <summary>Of a blob as it is signed.</summary>
    public static RoundBlobJson Of(RoundBlobEnvelope envelope) =>
        new(envelope.Attempt, [(int)envelope.Node.Kind, envelope.Node.Index], envelope.Boot, envelope.Tau, envelope.Blob.ToArray(), envelope.Signature);

    /// <summary>The blob; nobody has looked at its signature.</summary>
    /// <exception cref="KeyMeldException"><c>statement_invalid</c>: the node or the attempt is none.</exception>
    public RoundBlobEnvelope ToEnvelope() => Attempt >= 1 && Node is [0 or 1, >= 0]
        ? new RoundBlobEnvelope(Attempt, new NodeId((NodeKind)Node[0], Node[1]), Boot, Tau, Blob, Signature)
        : throw new KeyMeldException(ErrorCodes.StatementInvalid, "A round blob names no node or no attempt.");
}
