// The signature section (aws-nitro-enclaves-image-format, PcrSignature and PcrInfo): CBOR whose byte fields are arrays of integers, as that tool's serialiser has it.
using System.Formats.Cbor;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using KeyMeld.Attestation;

namespace KeyMeld.Images.Eif;

/// <summary>
/// An image's signature: a certificate and a COSE_Sign1 (ES384) over {register 0, PCR0}. It says who built the image; PCR8 measures the certificate. Whoever has that key
/// can sign anything, so PCR8 alone identifies no build.
/// </summary>
public sealed class EifSignature
{
    /// <summary>The largest signature section, in bytes.</summary>
    public const int MaxSize = 64 * 1024;

    private readonly byte[] _section;

    private EifSignature(byte[] section, X509Certificate2 certificate) => (_section, Certificate) = (section, certificate);

    /// <summary>The certificate of the key that signed.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>PCR8: the certificate's DER, measured; 48 bytes.</summary>
    public byte[] Pcr8() => PcrMath.OfContent(Certificate.RawDataMemory.Span);

    /// <summary>The section's bytes.</summary>
    public ReadOnlyMemory<byte> ToBytes() => _section;

    /// <summary>Reads a section and verifies its signature.</summary>
    /// <param name="section">The section.</param>
    /// <param name="pcr0">PCR0 of the image it is in.</param>
    /// <exception cref="ImageException">It is malformed, or not the certificate's signature over this PCR0.</exception>
    public static EifSignature Parse(ReadOnlyMemory<byte> section, ReadOnlySpan<byte> pcr0)
    {
        if (section.Length > MaxSize)
        {
            throw new ImageException($"An image's signature section has at most {MaxSize} bytes.");
        }
        X509Certificate2? certificate = null;
        try
        {
            var (pem, signature) = EifSignatureEncoding.Read(section);
            certificate = ReadCertificate(pem);
            var cose = CoseSign1.Parse(signature);
            using var key = P384.IsPublicKey(certificate.PublicKey.ExportSubjectPublicKeyInfo()) ? certificate.GetECDsaPublicKey() : null;
            return key is not null && cose.Payload.AsSpan().SequenceEqual(EifSignatureEncoding.Register0(pcr0)) && cose.IsSignedBy(key)
                ? new EifSignature(section.ToArray(), certificate)
                : throw new ImageException("The image's signature is not its certificate's over this image's PCR0.");
        }
        catch (Exception error) when (error is AttestationException or CborContentException or InvalidOperationException or OverflowException or CryptographicException)
        {
            certificate?.Dispose();
            throw new ImageException($"The image's signature section is not well-formed: {error.Message}", error);
        }
    }

    internal static EifSignature Create(ReadOnlySpan<byte> pcr0, X509Certificate2 certificate, ECDsa key)
    {
        var payload = EifSignatureEncoding.Register0(pcr0);
        var signature = key.SignData(CoseSign1.SignatureStructure(payload), HashAlgorithmName.SHA384, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        var pem = Encoding.ASCII.GetBytes(certificate.ExportCertificatePem() + "\n");
        try
        {
            // What a reader refuses is not written: another curve, or a key that is not the certificate's.
            return Parse(EifSignatureEncoding.Write(pem, CoseSign1.Encode(payload, signature)), pcr0);
        }
        catch (ImageException error)
        {
            throw new ImageException("The signing certificate and key do not belong together, or are not of P-384.", error);
        }
    }

    private static X509Certificate2 ReadCertificate(byte[] pem)
    {
        var text = Encoding.ASCII.GetString(pem);
        if (!PemEncoding.TryFind(text, out var fields) || text.AsSpan()[fields.Label] is not "CERTIFICATE" || PemEncoding.TryFind(text.AsSpan()[fields.Location.End..], out _))
        {
            throw new ImageException("The image's signature has something else than one PEM certificate.");
        }
        return X509Certificate2.CreateFromPem(text);
    }
}
