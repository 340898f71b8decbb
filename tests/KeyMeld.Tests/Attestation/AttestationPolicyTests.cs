using System.Security.Cryptography.X509Certificates;
using KeyMeld.Attestation;
using KeyMeld.Tests.Attestation.Mock;
using Microsoft.Extensions.Time.Testing;
using static KeyMeld.Tests.Attestation.Mock.MockNitro;

namespace KeyMeld.Tests.Attestation;

public class AttestationPolicyTests
{
    private const string Arn = "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    private static readonly string[] Registers = [.. Enumerable.Range(1, 4).Select(value => Convert.ToHexStringLower(Register((byte)value)))];
    private static readonly Release Trusted = new(Registers[0], Registers[1], Registers[2], Arn);

    [Fact]
    public void A_release_matches_as_a_whole()
    {
        var attestation = Right.Verify(Right.Document());
        Policy(Trusted).RequireRelease(attestation, Arn);
        Policy(new Release(Registers[3], Registers[1], Registers[2], Arn), Trusted).RequireRelease(attestation, Arn);
    }

    [Fact]
    public void G17_another_build_or_another_KMS_key_is_none_of_the_callers_releases()
    {
        var attestation = Right.Verify(Right.Document());
        Release[] near =
        [
            new(Registers[3], Registers[1], Registers[2], Arn),
            new(Registers[0], Registers[3], Registers[2], Arn),
            new(Registers[0], Registers[1], Registers[3], Arn),
            new(Registers[0], Registers[1], Registers[2], Arn[..^1] + "c"),
        ];
        Assert.All(near, release => Refused(Policy(release), attestation, Arn));
        Refused(Policy(near), attestation, Arn);
        Refused(Policy(Trusted), attestation, Arn + "0");
        Refused(Policy(Trusted), attestation, Arn.ToUpperInvariant());
        Refused(Policy(Trusted), attestation, "");
    }

    [Fact]
    public void A_production_policy_trusts_the_AWS_root_only()
    {
        var policy = new AttestationPolicy.Production([Trusted]);
        Assert.Equal(AttestationRoot.AwsNitroG1Fingerprint, policy.Root.Fingerprint);
        var verifier = policy.CreateVerifier(new FakeTimeProvider(Now));
        Assert.Equal(AttestationFailure.Root, RealDocuments.Refusal(() => verifier.Verify(Right.Document(), RealDocuments.Anything)));
    }

    [Fact]
    public void A_development_policy_checks_everything_but_has_a_root_of_its_own()
    {
        var policy = new AttestationPolicy.Development(Right.Root.Certificate);
        var verifier = policy.CreateVerifier(new FakeTimeProvider(Now));
        policy.RequireRelease(verifier.Verify(Right.Document(), RealDocuments.Anything), "alias/anything");
        Assert.Equal(AttestationFailure.Root, RealDocuments.Refusal(() => verifier.Verify(new MockNitro().Document(), RealDocuments.Anything)));
        Assert.Equal(AttestationFailure.Root, RealDocuments.Refusal(() => verifier.Verify(RealDocuments.Read(RealDocuments.Base), RealDocuments.Anything)));
        Assert.Equal(AttestationFailure.DebugMode, RealDocuments.Refusal(() => verifier.Verify(
            Right.With(("pcrs", Pcrs((0, Register(0)), (1, Register(0)), (2, Register(0))))), RealDocuments.Anything)));
    }

    [Fact]
    public void The_AWS_root_is_no_development_root()
    {
        using var aws = X509CertificateLoader.LoadCertificate(AttestationRoot.AwsNitroG1.Der.Span);
        Assert.Throws<ArgumentException>(() => new AttestationPolicy.Development(aws));
    }

    [Fact]
    public void A_policy_without_a_release_is_none()
    {
        Assert.Throws<ArgumentException>(() => new AttestationPolicy.Production([]));
        Assert.Throws<ArgumentException>(() => new AttestationPolicy.Development(Right.Root.Certificate, []));
    }

    [Fact]
    public void A_policy_cannot_be_widened_afterwards()
    {
        List<Release> releases = [new(Registers[3], Registers[1], Registers[2], Arn)];
        var policy = new AttestationPolicy.Development(Right.Root.Certificate, releases);
        releases.Add(Trusted);
        Refused(policy, Right.Verify(Right.Document()), Arn);
    }

    [Theory]
    [InlineData("")]
    [InlineData("00")]
    [InlineData("000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("gaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public void K14_a_release_has_three_real_registers(string register)
    {
        Assert.Throws<ArgumentException>(() => new Release(register, Registers[1], Registers[2], Arn));
        Assert.Throws<ArgumentException>(() => new Release(Registers[0], register, Registers[2], Arn));
        Assert.Throws<ArgumentException>(() => new Release(Registers[0], Registers[1], register, Arn));
    }

    [Theory]
    [InlineData("")]
    [InlineData("alias/keymeld")]
    [InlineData("arn:aws:kms:us-west-2:111122223333:alias/keymeld")]
    [InlineData("arn:aws:kms:us-west-2:111122223333:key/")]
    [InlineData("arn:aws:s3:us-west-2:111122223333:key/1234")]
    [InlineData("1234abcd-12ab-34cd-56ef-1234567890ab")]
    public void K28_a_release_names_its_key_by_ARN(string arn) =>
        Assert.Throws<ArgumentException>(() => new Release(Registers[0], Registers[1], Registers[2], arn));

    [Fact]
    public void Only_a_P384_authority_can_be_a_root()
    {
        MockCertificate[] wrong =
        [
            MockCertificate.Root with { NewKey = () => System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256) },
            MockCertificate.Root with { Authority = false },
            MockCertificate.Root with { Usage = X509KeyUsageFlags.DigitalSignature },
            MockCertificate.Root with { Hash = System.Security.Cryptography.HashAlgorithmName.SHA256 },
        ];
        Assert.All(wrong, root => Assert.Throws<ArgumentException>(() => AttestationRoot.Development(root.Issue(null).Certificate)));
    }

    private static AttestationPolicy.Development Policy(params Release[] releases) => new(Right.Root.Certificate, releases);

    private static void Refused(AttestationPolicy policy, VerifiedAttestation attestation, string arn) =>
        Assert.Equal(AttestationFailure.Release, Assert.Throws<AttestationException>(() => policy.RequireRelease(attestation, arn)).Failure);
}
