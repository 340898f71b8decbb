using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using KeyMeld.Attestation;
using KeyMeld.Tests.Attestation.Mock;
using static KeyMeld.Tests.Attestation.Mock.MockNitro;
using static KeyMeld.Tests.Attestation.Mock.RawCbor;

namespace KeyMeld.Tests.Attestation;

/// <summary>Chains that are wrong in exactly one way; the documents under them are signed by their leaf.</summary>
public class CertificateChainTests
{
    private static readonly MockCertificate Leaf = MockCertificate.Leaf, Instance = MockCertificate.Instance, Zonal = MockCertificate.Zonal;

    [Fact]
    public void G01_a_root_with_the_right_name_and_another_key_is_refused()
    {
        var forged = new MockNitro();
        Assert.Equal(Right.Root.Certificate.Subject, forged.Root.Certificate.Subject);
        Assert.Equal(AttestationFailure.Root, Right.Refusal(forged.Document()));
        var dressed = new MockNitro { Bundle = [Right.Root.Der] };
        Assert.Equal(AttestationFailure.Chain, Right.Refusal(dressed.Document()));
    }

    [Fact]
    public void G01_a_chain_of_ones_own_under_the_pinned_root_certificate_is_refused()
    {
        var forged = new MockNitro();
        byte[][] dressed = [Right.Root.Der, .. forged.Bundle[1..]];
        Assert.Equal(AttestationFailure.Chain, Right.Refusal(forged.With(("cabundle", Array([.. dressed.Select(der => Bytes(der))])))));
    }

    [Fact]
    public void A_bundle_that_does_not_begin_with_the_root_is_refused()
    {
        Assert.Equal(AttestationFailure.Root, Right.Refusal(With(Right.Bundle[1..])));
        Assert.Equal(AttestationFailure.Root, Right.Refusal(With([.. Right.Bundle.Reverse()])));
    }

    [Fact]
    public void A_bundle_out_of_order_incomplete_or_with_more_than_the_chain_is_refused()
    {
        var (root, regional, zonal, instance) = (Right.Bundle[0], Right.Bundle[1], Right.Bundle[2], Right.Bundle[3]);
        Assert.Equal(AttestationFailure.CertificateConstraints, Right.Refusal(With(root, zonal, regional, instance)));
        Assert.Equal(AttestationFailure.Chain, Right.Refusal(With(root, regional, instance)));
        Assert.Equal(AttestationFailure.Chain, Right.Refusal(With(root)));
        Assert.Equal(AttestationFailure.CertificateConstraints, Right.Refusal(With(root, regional, zonal, instance, instance)));
        Assert.Equal(AttestationFailure.CertificateConstraints, Right.Refusal(With(root, regional, zonal, instance, Right.Certificate)));
        Assert.Equal(AttestationFailure.CertificateConstraints, Right.Refusal(With(root, root, regional, zonal, instance)));
    }

    [Fact]
    public void A_certificate_signed_by_another_key_under_its_issuers_name_is_refused()
    {
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        Refused(AttestationFailure.Chain, new MockNitro(leaf: Leaf with { ForgedBy = other }));
        Refused(AttestationFailure.Chain, new MockNitro(zonal: Zonal with { ForgedBy = other }));
    }

    [Fact]
    public void A_certificate_out_of_its_time_is_refused_wherever_it_stands()
    {
        var hour = TimeSpan.FromHours(1);
        Refused(AttestationFailure.CertificateTime, new MockNitro(leaf: Leaf with { NotAfter = Now - TimeSpan.FromSeconds(1) }));
        Refused(AttestationFailure.CertificateTime, new MockNitro(leaf: Leaf with { NotBefore = Now + TimeSpan.FromSeconds(1) }));
        Refused(AttestationFailure.CertificateTime, new MockNitro(instance: Instance with { NotAfter = Now - TimeSpan.FromSeconds(1) }));
        Refused(AttestationFailure.CertificateTime, new MockNitro(zonal: Zonal with { NotBefore = Now + hour }));
        Refused(AttestationFailure.CertificateTime, new MockNitro(root: MockCertificate.Root with { NotAfter = Now - TimeSpan.FromSeconds(1) }));
        Accepted(new MockNitro(leaf: Leaf with { NotBefore = Now }));
        // The platform takes the last second as over.
        Accepted(new MockNitro(leaf: Leaf with { NotAfter = Now + TimeSpan.FromSeconds(1) }));
    }

    [Fact]
    public void An_authority_without_a_fitting_path_length_is_refused()
    {
        Refused(AttestationFailure.CertificateConstraints, new MockNitro(instance: Instance with { PathLength = null }));
        Refused(AttestationFailure.CertificateConstraints, new MockNitro(regional: MockCertificate.Regional with { PathLength = null }));
        Refused(AttestationFailure.CertificateConstraints, new MockNitro(zonal: Zonal with { PathLength = 0 }));
        Assert.Throws<ArgumentException>(() => new MockNitro(root: MockCertificate.Root with { Authority = false }).Pinned);
    }

    [Fact]
    public void A_root_with_a_path_length_binds_too() => Refused(AttestationFailure.Chain, new MockNitro(root: MockCertificate.Root with { PathLength = 1 }));

    [Fact]
    public void An_issuer_that_may_not_issue_is_refused()
    {
        Refused(AttestationFailure.CertificateConstraints, new MockNitro(instance: Instance with { Authority = false, PathLength = null }));
        Refused(AttestationFailure.CertificateConstraints, new MockNitro(instance: Instance with { HasConstraints = false }));
        Refused(AttestationFailure.CertificateConstraints, new MockNitro(instance: Instance with { ConstraintsCritical = false }));
        Refused(AttestationFailure.CertificateConstraints, new MockNitro(instance: Instance with { Usage = X509KeyUsageFlags.DigitalSignature }));
        Refused(AttestationFailure.CertificateConstraints, new MockNitro(instance: Instance with { Usage = null }));
        Refused(AttestationFailure.CertificateConstraints, new MockNitro(instance: Instance with { UsageCritical = false }));
    }

    [Fact]
    public void A_leaf_that_is_an_authority_or_may_not_sign_documents_is_refused()
    {
        Refused(AttestationFailure.CertificateConstraints, new MockNitro(leaf: Leaf with { Authority = true }));
        Refused(AttestationFailure.CertificateConstraints, new MockNitro(leaf: Leaf with { HasConstraints = false }));
        Refused(AttestationFailure.CertificateConstraints, new MockNitro(leaf: Leaf with { ConstraintsCritical = false }));
        Refused(AttestationFailure.CertificateConstraints, new MockNitro(leaf: Leaf with { Usage = null }));
        Refused(AttestationFailure.CertificateConstraints, new MockNitro(leaf: Leaf with { Usage = X509KeyUsageFlags.NonRepudiation }));
        Refused(AttestationFailure.CertificateConstraints,
            new MockNitro(leaf: Leaf with { Usage = X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyCertSign }));
        Accepted(new MockNitro(leaf: Leaf with { UsageCritical = true }));
    }

    [Fact]
    public void Only_P384_keys_sign_documents_and_certificates()
    {
        ECCurve[] curves = [ECCurve.NamedCurves.nistP256, ECCurve.NamedCurves.nistP521, ECCurve.CreateFromFriendlyName("brainpoolP384r1"), ExplicitP384()];
        foreach (var curve in curves)
        {
            Assert.Equal(AttestationFailure.CertificateAlgorithm, RefusalOfLeafKey(() => ECDsa.Create(curve)));
            Refused(AttestationFailure.CertificateAlgorithm, new MockNitro(instance: Instance with { NewKey = () => ECDsa.Create(curve) }));
        }
        Assert.Equal(AttestationFailure.CertificateAlgorithm, RefusalOfLeafKey(() => RSA.Create(2048)));
    }

    [Fact]
    public void Only_SHA384_signs_certificates()
    {
        Refused(AttestationFailure.CertificateAlgorithm, new MockNitro(leaf: Leaf with { Hash = HashAlgorithmName.SHA256 }));
        Refused(AttestationFailure.CertificateAlgorithm, new MockNitro(zonal: Zonal with { Hash = HashAlgorithmName.SHA512 }));
    }

    [Fact]
    public void A_critical_extension_nobody_knows_is_refused()
    {
        X509Extension unknown = new("1.3.6.1.4.1.99999.1", [5, 0], critical: true);
        Refused(AttestationFailure.Chain, new MockNitro(leaf: Leaf with { Extra = [unknown] }));
        Refused(AttestationFailure.Chain, new MockNitro(instance: Instance with { Extra = [unknown] }));
        Accepted(new MockNitro(leaf: Leaf with { Extra = [new X509Extension("1.3.6.1.4.1.99999.1", [5, 0], critical: false)] }));
    }

    [Fact]
    public void A_certificate_that_is_not_exactly_one_in_DER_is_refused()
    {
        var pem = Encoding.ASCII.GetBytes(Right.Leaf.Certificate.ExportCertificatePem());
        byte[][] wrong = [[.. Right.Certificate, 0], Right.Certificate[..^1], pem, [1, 2, 3], [0x30, 0x80, 0, 0]];
        foreach (var certificate in wrong)
        {
            Assert.Equal(AttestationFailure.Certificate, Right.Refusal(Right.With(("certificate", Bytes(certificate)))));
            Assert.Equal(AttestationFailure.Certificate, Right.Refusal(With(Right.Bundle[0], Right.Bundle[1], Right.Bundle[2], certificate)));
        }
    }

    [Fact]
    public void G01_a_document_signed_by_anybody_but_its_leaf_is_refused()
    {
        var payload = Payload(Right.Fields());
        var forged = new MockNitro().Signature(payload);
        byte[] header = Bytes([0xa1, 0x01, 0x38, 0x22]);
        foreach (var signature in new[] { forged, new byte[96], [.. Enumerable.Repeat((byte)0xff, 96)] })
        {
            Assert.Equal(AttestationFailure.Signature, Right.Refusal(Array(header, Map(), Bytes(payload), Bytes(signature))));
        }
        var changed = Payload(Right.Fields().Select(field => field.Name == "nonce" ? ("nonce", Bytes([1])) : field));
        Assert.Equal(AttestationFailure.Signature, Right.Refusal(Array(header, Map(), Bytes(changed), Bytes(Right.Signature(payload)))));
    }

    private static byte[] With(params byte[][] bundle) => Right.With(("cabundle", Array([.. bundle.Select(der => Bytes(der))])));

    private static void Refused(AttestationFailure failure, MockNitro nitro) => Assert.Equal(failure, nitro.Refusal(nitro.Document()));

    private static void Accepted(MockNitro nitro) => Assert.Equal(Now, nitro.Verify(nitro.Document()).Timestamp);

    /// <summary>
    /// A signature of the right length by a right key, under a leaf with the given one: the certificate is refused before the signature is looked at.
    /// </summary>
    private static AttestationFailure RefusalOfLeafKey(Func<AsymmetricAlgorithm> newKey)
    {
        var nitro = new MockNitro(leaf: Leaf with { NewKey = newKey });
        return nitro.Refusal(Right.With(("certificate", Bytes(nitro.Certificate)), ("cabundle", Array([.. nitro.Bundle.Select(der => Bytes(der))]))));
    }

    private static ECCurve ExplicitP384()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        return key.ExportExplicitParameters(includePrivateParameters: false).Curve;
    }
}
