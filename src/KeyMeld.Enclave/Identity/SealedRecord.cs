using Google.Protobuf;
using KeyMeld.Wire.V1;

namespace KeyMeld.Enclave.Identity;

/// <summary>One sealed identity key as the gateway stores it (protocol.md section 4). Public: without KMS it opens nothing. Immutable.</summary>
public sealed record SealedRecord(uint EnclaveId, int Epoch, ByteString EncryptedDek, ByteString EncryptedPrivateKey, ByteString PublicKey, string KmsKeyId)
{
    /// <summary>What a dry run shows: which record there would be, and nothing that opens.</summary>
    public SealedRecord WithoutCiphertext() => this with { EncryptedDek = ByteString.Empty, EncryptedPrivateKey = ByteString.Empty };

    public SealedKeyRow ToWire() => new()
    {
        EnclaveId = EnclaveId,
        KeyEpoch = (uint)Epoch,
        KmsEncryptedDek = EncryptedDek,
        EncryptedPrivateKey = EncryptedPrivateKey,
        PublicKey = PublicKey,
        KmsKeyId = KmsKeyId,
    };
}
