using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using KeyMeld.Attestation;
using KeyMeld.Images;
using KeyMeld.Images.Eif;

namespace KeyMeld.Tests.Images;

public sealed class EifSignatureTests : IDisposable
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
    private readonly X509Certificate2 _certificate;

    public EifSignatureTests() => _certificate = Certificate(_key);

    public void Dispose()
    {
        _certificate.Dispose();
        _key.Dispose();
    }

    [Fact]
    public void A_signed_image_has_PCR8_of_its_certificate_and_the_same_other_registers()
    {
        var signed = EifReader.Read(EifWriter.Write(EifTests.Small.Sign(_certificate, _key)));
        Assert.Equal(PcrMath.OfContent(_certificate.RawData), signed.Measure().Pcr8!.Value.ToArray());
        Assert.Equal(EifTests.Small.Measure().Registers(), signed.Measure().Registers().Take(3));
        Assert.Equal(_certificate.RawData, signed.Signature!.Certificate.RawData);
    }

    [Fact]
    public void The_section_is_what_nitro_cli_writes()
    {
        var payload = EifSignatureEncoding.Register0(Enumerable.Range(0, 48).Select(value => (byte)value).ToArray());
        Assert.Equal("a26e72656769737465725f696e646578006e72656769737465725f76616c75659830", Convert.ToHexStringLower(payload.AsSpan(0, 34)));
        Assert.Equal("0001020304", Convert.ToHexStringLower(payload.AsSpan(34, 5)));
        Assert.EndsWith("182e182f", Convert.ToHexStringLower(payload), StringComparison.Ordinal);
        var section = EifTests.Small.Sign(_certificate, _key).Signature!.ToBytes();
        Assert.StartsWith("81a2737369676e696e675f636572746966696361746599", Convert.ToHexStringLower(section.Span), StringComparison.Ordinal);
        var (pem, cose) = EifSignatureEncoding.Read(section);
        Assert.StartsWith("-----BEGIN CERTIFICATE-----\n", Encoding.ASCII.GetString(pem), StringComparison.Ordinal);
        Assert.StartsWith("8444a1013822a0587da26e72656769737465725f696e64657800", Convert.ToHexStringLower(cose), StringComparison.Ordinal);
    }

    [Fact]
    public void K16_a_signature_moved_to_another_image_is_refused()
    {
        var signed = EifTests.Small.Sign(_certificate, _key);
        var other = EifTests.Small with { Kernel = "OTHER"u8.ToArray(), Signature = signed.Signature };
        Assert.Throws<ImageException>(() => EifReader.Read(EifWriter.Write(other)));
    }

    [Fact]
    public void K16_an_exchanged_certificate_is_refused()
    {
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using var certificate = Certificate(other);
        Assert.Throws<ImageException>(() => EifTests.Small.Sign(certificate, _key));
        var (_, cose) = EifSignatureEncoding.Read(EifTests.Small.Sign(_certificate, _key).Signature!.ToBytes());
        Refused(EifSignatureEncoding.Write(Encoding.ASCII.GetBytes(certificate.ExportCertificatePem()), cose));
    }

    [Fact]
    public void A_key_of_another_curve_signs_no_image()
    {
        using var p256 = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = Certificate(p256);
        Assert.Throws<ImageException>(() => EifTests.Small.Sign(certificate, p256));
    }

    [Fact]
    public void K20_a_malformed_section_is_refused_and_by_no_other_exception()
    {
        var right = EifTests.Small.Sign(_certificate, _key).Signature!.ToBytes().ToArray();
        var (pem, cose) = EifSignatureEncoding.Read(right);
        Refused([]);
        Refused([0x80]);
        Refused([.. right, 0]);
        Refused([0x82, .. right[1..], 0xa0]);
        Refused(EifSignatureEncoding.Write([], cose));
        Refused(EifSignatureEncoding.Write(pem, []));
        Refused(EifSignatureEncoding.Write([.. pem, .. pem], cose));
        Refused(EifSignatureEncoding.Write(Encoding.ASCII.GetBytes(_key.ExportSubjectPublicKeyInfoPem()), cose));
        Refused(new byte[EifSignature.MaxSize + 1]);
        for (var i = 0; i < right.Length; i += 7)
        {
            var changed = (byte[])right.Clone();
            changed[i] ^= 0x11;
            try
            {
                // Another certificate of the same key verifies, and shows as another PCR8; another key does not.
                Assert.Equal(_certificate.GetPublicKey(), EifSignature.Parse(changed, EifTests.Small.Measure().Pcr0.Span).Certificate.GetPublicKey());
            }
            catch (ImageException)
            {
            }
        }
    }

    private static void Refused(byte[] section) => Assert.Throws<ImageException>(() => EifSignature.Parse(section, EifTests.Small.Measure().Pcr0.Span));

    private static X509Certificate2 Certificate(ECDsa key) =>
        new CertificateRequest("CN=releaser", key, HashAlgorithmName.SHA384).CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
}
