using System.Security.Cryptography;

namespace KeyMeld.Attestation;

/// <summary>
/// The public key of whoever releases builds: ECDSA on P-384, as PEM SubjectPublicKeyInfo (RFC 7468 section 13). That curve, because hardware tokens, KMS and openssl
/// have it, and enclave images are signed with it too; the signature is the DER one over SHA-384 that <c>openssl dgst -sha384 -sign</c> makes.
/// </summary>
public sealed class ReleaserKey
{
    /// <summary>The longest signature in bytes: two integers of 49 bytes in DER.</summary>
    public const int MaxSignatureSize = 104;

    private const string Label = "PUBLIC KEY";
    private const int MaxPem = 4096;
    private readonly byte[] _spki;

    private ReleaserKey(byte[] spki) => _spki = spki;

    /// <summary>SHA-256 of the key's DER in lower-case hex, to compare with what the releaser publishes.</summary>
    public string Fingerprint => Convert.ToHexStringLower(SHA256.HashData(_spki));

    /// <summary>Reads a key from PEM.</summary>
    /// <param name="pem">Exactly one <c>PUBLIC KEY</c> block, up to 4096 characters.</param>
    /// <exception cref="ReleaseException">It is something else, or not a P-384 key.</exception>
    public static ReleaserKey FromPem(ReadOnlySpan<char> pem)
    {
        if (pem.Length > MaxPem || !PemEncoding.TryFind(pem, out var fields) || !pem[fields.Label].SequenceEqual(Label)
            || PemEncoding.TryFind(pem[fields.Location.End..], out _))
        {
            throw new ReleaseException("A releaser's key is one PEM block that begins with -----BEGIN PUBLIC KEY-----.");
        }
        var der = new byte[fields.DecodedDataLength];
        if (!Convert.TryFromBase64Chars(pem[fields.Base64Data], der, out var length) || length != der.Length)
        {
            throw new ReleaseException("The releaser's key is not well-formed PEM.");
        }
        using var key = Import(der);
        return new ReleaserKey(key.ExportSubjectPublicKeyInfo());
    }

    /// <summary>The public half of a releaser's key pair.</summary>
    /// <param name="key">A P-384 key.</param>
    /// <exception cref="ReleaseException">It is on another curve.</exception>
    public static ReleaserKey Of(ECDsa key)
    {
        var spki = key.ExportSubjectPublicKeyInfo();
        return P384.IsPublicKey(spki) ? new ReleaserKey(spki) : throw NotP384();
    }

    /// <summary>The key as PEM, as <see cref="FromPem"/> reads it.</summary>
    public string ToPem() => PemEncoding.WriteString(Label, _spki) + "\n";

    /// <summary>Whether a signature is this key's over exactly these bytes.</summary>
    /// <param name="content">The signed bytes.</param>
    /// <param name="signature">ECDSA in DER (RFC 3279 section 2.2.3), at most <see cref="MaxSignatureSize"/> bytes.</param>
    public bool Verifies(ReadOnlySpan<byte> content, ReadOnlySpan<byte> signature)
    {
        using var key = Import(_spki);
        return signature.Length is > 0 and <= MaxSignatureSize
            && key.VerifyData(content, signature, HashAlgorithmName.SHA384, DSASignatureFormat.Rfc3279DerSequence);
    }

    private static ReleaseException NotP384() => new("A releaser's key is a P-384 key (secp384r1).");

    private static ECDsa Import(byte[] spki)
    {
        if (!P384.IsPublicKey(spki))
        {
            throw NotP384();
        }
        var key = ECDsa.Create();
        try
        {
            key.ImportSubjectPublicKeyInfo(spki, out _);
            return key;
        }
        catch (CryptographicException error)
        {
            key.Dispose();
            throw new ReleaseException("The releaser's key is no point of its curve.", error);
        }
    }
}
