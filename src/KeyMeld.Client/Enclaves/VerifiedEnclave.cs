using KeyMeld.Attestation;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Client;

/// <summary>One key epoch of a verified enclave (protocol.md section 3).</summary>
/// <param name="Epoch">The epoch's number.</param>
/// <param name="Key">The identity key: everything HPKE-sealed to the enclave goes to it.</param>
/// <param name="Sign">The statement key: it signs what the enclave says.</param>
public sealed record EnclaveEpoch(int Epoch, PublicKey Key, XOnlyPublicKey Sign);

/// <summary>An enclave that proved what it is, with a document made for this very check (protocol.md section 3).</summary>
/// <param name="Number">The enclave's number; it carries no trust.</param>
/// <param name="Mode">production or development, as measured.</param>
/// <param name="KmsKeyArn">The KMS key that seals its identity key.</param>
/// <param name="Software">Name and version of the software, for display.</param>
/// <param name="Epochs">All its key epochs, ascending.</param>
/// <param name="Pcrs">What was measured.</param>
/// <param name="AttestedAt">When the attestation document was made.</param>
public sealed record VerifiedEnclave(
    int Number, EnclaveMode Mode, string KmsKeyArn, string Software, IReadOnlyList<EnclaveEpoch> Epochs, Pcrs Pcrs, DateTimeOffset AttestedAt)
{
    /// <summary>The newest epoch: new groups use it.</summary>
    public EnclaveEpoch Newest => Epochs[^1];
}
