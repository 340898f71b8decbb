using KeyMeld.Secp256k1;

namespace KeyMeld.Client;

/// <summary>The newest epoch and key that this profile has seen verified of one enclave (protocol.md section 3).</summary>
/// <param name="KmsKeyArn">The KMS key that seals the enclave's identity key.</param>
/// <param name="Number">The enclave's number.</param>
/// <param name="Epoch">Newest epoch seen.</param>
/// <param name="Key">Its identity key.</param>
public sealed record EnclavePin(string KmsKeyArn, int Number, int Epoch, PublicKey Key);
