// protocol.md section 9: POST /keygen, GET /keygen/{group}, POST /keygen/{group}/participants.
using System.Text.Json.Serialization;
using KeyMeld.Protocol.Ids;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Http;

/// <summary>Body of POST /keygen.</summary>
/// <param name="Manifest">Signed by the creator.</param>
/// <param name="Terms">The encrypted terms.</param>
/// <param name="SessionSecrets">The session secret sealed to each enclave, in manifest order.</param>
public sealed record KeygenRequestJson(SignedJson Manifest, byte[] Terms, IReadOnlyList<byte[]> SessionSecrets)
{
    /// <summary>The session secret sealed to each enclave, in manifest order.</summary>
    public IReadOnlyList<byte[]> SessionSecrets { get; init; } = JsonLists.WithoutNull(SessionSecrets);
}

/// <summary>Answer of POST /keygen.</summary>
/// <param name="Group">Manifest hash.</param>
/// <param name="State">See <see cref="KeygenJson"/>.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)]
public sealed record KeygenCreatedJson(Hash32 Group, string State);

/// <summary>Answer of GET /keygen/{group}.</summary>
/// <param name="Group">Manifest hash.</param>
/// <param name="State">joining, formed, failed, expired or erased.</param>
/// <param name="Manifest">As posted.</param>
/// <param name="Terms">As posted.</param>
/// <param name="Registrations">One entry a place, null where nobody registered yet.</param>
/// <param name="Receipts">Of all enclaves once the group is formed.</param>
/// <param name="Error">Stable code where it failed.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)]
public sealed record KeygenJson(
    Hash32 Group, string State, SignedJson Manifest, byte[] Terms, IReadOnlyList<SignedJson?> Registrations, IReadOnlyList<ReceiptJson> Receipts, string? Error = null)
{
    /// <summary>Of all enclaves once the group is formed.</summary>
    public IReadOnlyList<ReceiptJson> Receipts { get; init; } = JsonLists.WithoutNull(Receipts);
}

/// <summary>An enclave's receipt over roster and output keys.</summary>
/// <param name="Enclave">Index in the manifest.</param>
/// <param name="Signature">By its statement key.</param>
public sealed record ReceiptJson(int Enclave, SchnorrSignature Signature);

/// <summary>Body of POST /keygen/{group}/participants.</summary>
/// <param name="Registration">Signed by admission and authorisation key.</param>
/// <param name="Envelope">The sealed member key; absent for a member that signs at home.</param>
public sealed record RegistrationRequestJson(SignedJson Registration, byte[]? Envelope = null);

/// <summary>Answer of every call that changes the state of something that exists.</summary>
/// <param name="State">The state after it.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)]
public sealed record StateJson(string State);

/// <summary>One event of GET …/events, and the data of each server-sent event: the state that was reached.</summary>
/// <param name="State">As in the answer of the GET beside it.</param>
/// <param name="Error">Stable code where it failed.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)]
public sealed record StateEventJson(string State, string? Error = null);
