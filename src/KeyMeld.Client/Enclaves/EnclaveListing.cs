using KeyMeld.Secp256k1;

namespace KeyMeld.Client;

/// <summary>What the gateway says of one enclave: for display only, nothing of it is verified.</summary>
/// <param name="Number">The enclave's number.</param>
/// <param name="State">The gateway's word: ready, locked, unreachable, …</param>
/// <param name="Reason">Stable code when it is not ready.</param>
/// <param name="Detail">One sentence for an operator.</param>
/// <param name="Epoch">Newest key epoch.</param>
/// <param name="Key">Newest identity key, as claimed.</param>
/// <param name="KmsKeyId">KMS key ARN, as claimed.</param>
/// <param name="Mode">production or development, as claimed.</param>
public sealed record EnclaveListing(int Number, string State, string? Reason, string? Detail, int? Epoch, PublicKey? Key, string? KmsKeyId, string? Mode);
