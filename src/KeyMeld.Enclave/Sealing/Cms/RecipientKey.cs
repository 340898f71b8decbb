using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using KeyMeld.Secp256k1;

namespace KeyMeld.Enclave.Sealing.Cms;

/// <summary>An RSA-2048 key for the one answer of one KMS call. It opens nothing twice.</summary>
internal sealed class RecipientKey : IDisposable
{
    private const int Bits = 2048;
    private const int ContentKeyBytes = 32;

    private readonly RSA _rsa;
    private int _used;

    internal RecipientKey(RSA rsa)
    {
        _rsa = rsa;
        PublicKey = rsa.ExportSubjectPublicKeyInfo();
    }

    /// <summary>DER SubjectPublicKeyInfo, for the attestation document.</summary>
    public ReadOnlyMemory<byte> PublicKey { get; }

    public static RecipientKey Generate() => new(RSA.Create(Bits));

    /// <summary>
    /// Opens the answer made for this key. Whatever is wrong, form, key, padding or length, the result is the same false: whoever sent it learns nothing.
    /// </summary>
    public bool TryOpen(ReadOnlyMemory<byte> ciphertextForRecipient, [NotNullWhen(true)] out SecretBytes? plaintext)
    {
        plaintext = null;
        if (Interlocked.Exchange(ref _used, 1) != 0 || !EnvelopedKey.TryParse(ciphertextForRecipient, out var enveloped)
            || !CryptographicOperations.FixedTimeEquals(enveloped.SubjectKeyIdentifier, SHA256.HashData(PublicKey.Span))
            || enveloped.EncryptedContentKey.Length != _rsa.KeySize / 8)
        {
            return false;
        }
        using var contentKey = SecretBytes.Allocate(_rsa.KeySize / 8);
        try
        {
            if (!_rsa.TryDecrypt(enveloped.EncryptedContentKey, contentKey.Writable, RSAEncryptionPadding.OaepSHA256, out var length) || length != ContentKeyBytes)
            {
                return false;
            }
            plaintext = DecryptContent(enveloped, contentKey.Span[..length]);
            return true;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    public void Dispose() => _rsa.Dispose();

    private static SecretBytes DecryptContent(EnvelopedKey enveloped, ReadOnlySpan<byte> contentKey)
    {
        using var aes = Aes.Create();
        aes.SetKey(contentKey);
        using var padded = SecretBytes.Allocate(enveloped.Ciphertext.Length);
        if (!aes.TryDecryptCbc(enveloped.Ciphertext, enveloped.Iv, padded.Writable, out var length, PaddingMode.PKCS7) || length == 0)
        {
            throw new CryptographicException();
        }
        return SecretBytes.CopyFrom(padded.Span[..length]);
    }
}
