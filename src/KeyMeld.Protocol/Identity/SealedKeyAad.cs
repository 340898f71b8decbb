// protocol.md section 4: AEAD AAD = CBOR ["KeyMeld/v1/sealed-key", enclave, key epoch, public key, KMS key ARN, SHA-256(kms_encrypted_dek)].
using KeyMeld.Protocol.Encoding;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Identity;

/// <summary>Binds a sealed identity key to its row. The wire is <see cref="AesGcmWire"/> under the data key, the plaintext the 32-byte secret.</summary>
public static class SealedKeyAad
{
    /// <summary>The additional authenticated data of one row.</summary>
    /// <param name="enclave">enclave_id.</param>
    /// <param name="epoch">key_epoch.</param>
    /// <param name="key">public_key.</param>
    /// <param name="kmsKeyId">kms_key_id: the full ARN as KMS returned it.</param>
    /// <param name="encryptedDataKey">kms_encrypted_dek.</param>
    public static byte[] Of(int enclave, int epoch, PublicKey key, string kmsKeyId, ReadOnlySpan<byte> encryptedDataKey) =>
        new CborEncoder().Array(6).Utf8("KeyMeld/v1/sealed-key"u8).Number(enclave).Number(epoch).Bytes(key.Bytes).Text(kmsKeyId)
            .Hash(Hash32.Sha256(encryptedDataKey)).ToArray();
}
