using KeyMeld.Secp256k1;

namespace KeyMeld.Enclave.Sealing.Kms;

/// <summary>
/// AWS KMS as far as an enclave needs it. Each call is one attempt and answers what KMS answered, unchecked; the <see cref="KmsSession"/> checks it.
/// Fails with <see cref="KmsException"/> only, cancellation excepted.
/// </summary>
internal interface IKms
{
    Task<KmsAnswer> GenerateDataKeyAsync(KmsCredentials credentials, string keyId, IReadOnlyDictionary<string, string> context,
        ReadOnlyMemory<byte>? attestation, CancellationToken cancellation);

    Task<KmsAnswer> DecryptAsync(KmsCredentials credentials, string keyId, ReadOnlyMemory<byte> ciphertext, IReadOnlyDictionary<string, string> context,
        ReadOnlyMemory<byte>? attestation, CancellationToken cancellation);

    /// <summary>Asks without <c>Recipient</c> whether the call would be allowed; nothing is done. It always fails: the code says how.</summary>
    Task<KmsException> ProbeAsync(KmsCredentials credentials, KmsProbe probe, CancellationToken cancellation);
}

/// <summary>What KMS answered to GenerateDataKey or Decrypt. Which members are there is up to whoever answered.</summary>
internal sealed class KmsAnswer : IDisposable
{
    public string? KeyId { get; init; }

    public byte[]? CiphertextBlob { get; init; }

    public byte[]? CiphertextForRecipient { get; init; }

    public SecretBytes? Plaintext { get; init; }

    public void Dispose() => Plaintext?.Dispose();
}

/// <summary>The calls that must be denied without attestation (protocol.md section 4, policy probe).</summary>
internal abstract record KmsProbe(string KeyId)
{
    public sealed record GenerateDataKey(string KeyId, IReadOnlyDictionary<string, string> Context) : KmsProbe(KeyId);

    public sealed record Decrypt(string KeyId, ReadOnlyMemory<byte> Ciphertext, IReadOnlyDictionary<string, string> Context) : KmsProbe(KeyId);

    public sealed record Encrypt(string KeyId, IReadOnlyDictionary<string, string> Context) : KmsProbe(KeyId);

    /// <summary>From <see cref="KmsProbe.KeyId"/>, whose ciphertext it is, to another or the same key.</summary>
    public sealed record ReEncrypt(string KeyId, ReadOnlyMemory<byte> Ciphertext, IReadOnlyDictionary<string, string> Context, string Destination) : KmsProbe(KeyId);
}
