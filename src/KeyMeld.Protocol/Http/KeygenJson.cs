// protocol.md section 9: POST /keygen, GET /keygen/{group}, POST /keygen/{group}/participants.
using KeyMeld.Protocol.Ids;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Http;

/// <summary>Body of POST /keygen.</summary>
/// <param name="Manifest">Signed by the creator.</param>
/// <param name="Terms">The encrypted terms.</param>
/// <param name="SessionSecrets">The session secret sealed to each enclave, in manifest order.</param>
public sealed record KeygenRequestJson(SignedJson Manifest, byte[] Terms, IReadOnlyList<byte[]> SessionSecrets);

/// <summary>Answer of POST /keygen.</summary>
/// <param name="Group">Manifest hash.</param>
/// <param name="State">See <see cref="KeygenJson"/>.</param>
public sealed record KeygenCreatedJson(Hash32 Group, string State);

/// <summary>Answer of GET /keygen/{group}.</summary>
/// <param name="Group">Manifest hash.</param>
/// <param name="State">joining, formed, failed, expired or erased.</param>
/// <param name="Manifest">As posted.</param>
/// <param name="Terms">As posted.</param>
/// <param name="Registrations">One entry a place, null where nobody registered yet.</param>
/// <param name="Receipts">Of all enclaves once the group is formed.</param>
/// <param name="Error">Stable code where it failed.</param>
public sealed record KeygenJson(
    Hash32 Group, string State, SignedJson Manifest, byte[] Terms, IReadOnlyList<SignedJson?> Registrations, IReadOnlyList<ReceiptJson> Receipts, string? Error = null);

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
public sealed record StateJson(string State);
