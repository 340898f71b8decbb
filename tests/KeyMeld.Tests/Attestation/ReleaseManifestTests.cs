using System.Security.Cryptography;
using System.Text;
using KeyMeld.Attestation;
using static KeyMeld.Tests.Attestation.Mock.MockNitro;

namespace KeyMeld.Tests.Attestation;

public sealed class ReleaseManifestTests : IDisposable
{
    private const string Arn = "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    private const string Digest = "3f79bb7b435b05321651daefd374cdc681dc06faa65e374e38337b88ca046dea";
    private static readonly string[] Pcrs = [.. Enumerable.Range(1, 3).Select(value => Convert.ToHexStringLower(Register((byte)value)))];
    private static readonly DateTimeOffset Created = new(2026, 11, 26, 4, 0, 0, TimeSpan.Zero);
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP384);

    private static Release Build => new(Pcrs[0], Pcrs[1], Pcrs[2], Arn) { ConfigurationDigest = Digest };

    private static ReleaseManifest Manifest => new("1.4.0-rc.1+7", Created, Build);

    public void Dispose() => _key.Dispose();

    [Fact]
    public void A_manifest_reads_as_it_was_written_and_equal_manifests_have_equal_bytes()
    {
        var read = ReleaseManifest.Parse(Manifest.ToBytes());
        Assert.Equal(Manifest, read);
        Assert.Equal(Manifest.ToBytes(), read.ToBytes());
        Assert.Equal(("1.4.0-rc.1+7", Created, Build, Digest), (read.Version, read.Created, read.Release, read.ConfigurationDigest));
    }

    [Fact]
    public void What_the_releaser_signed_is_trusted_old_and_new_build_side_by_side()
    {
        var next = new ReleaseManifest("1.5.0", Created.AddDays(1), new Release(Pcrs[1], Pcrs[2], Pcrs[0], Arn) { ConfigurationDigest = Digest });
        var policy = new AttestationPolicy.Production(ReleaserKey.Of(_key), [Sign(Manifest.ToBytes()), Sign(next.ToBytes())]);
        Assert.Equal([Build, next.Release], policy.Releases!);
    }

    [Fact]
    public void A_release_that_states_its_configuration_matches_that_configuration_only()
    {
        var attestation = Right.Verify(Right.Document());
        var policy = new AttestationPolicy.Development(Right.Root.Certificate, [Build]);
        policy.RequireRelease(attestation, Arn, Digest);
        foreach (var other in (string?[])[null, "", new string('0', 64), Digest.ToUpperInvariant()])
        {
            Assert.Equal(AttestationFailure.Release, Assert.Throws<AttestationException>(() => policy.RequireRelease(attestation, Arn, other)).Failure);
        }
    }

    [Fact]
    public void G17_a_manifest_that_anyone_else_signed_or_touched_is_refused()
    {
        var bytes = Manifest.ToBytes();
        var signed = Sign(bytes);
        var releaser = ReleaserKey.Of(_key);
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        Assert.Throws<ReleaseException>(() => signed.Verify(ReleaserKey.Of(other)));
        Assert.Throws<ReleaseException>(() => (signed with { Signature = Array.Empty<byte>() }).Verify(releaser));
        Assert.Throws<ReleaseException>(() => (signed with { Signature = new byte[ReleaserKey.MaxSignatureSize + 1] }).Verify(releaser));
        Assert.Throws<ReleaseException>(() => (signed with { Manifest = (byte[])[.. bytes, (byte)'\n'] }).Verify(releaser));
        Assert.Throws<ReleaseException>(() => (signed with { Signature = (byte[])[.. signed.Signature.ToArray(), 0] }).Verify(releaser));
        for (var i = 0; i < bytes.Length; i++)
        {
            var changed = (byte[])bytes.Clone();
            changed[i] ^= 1;
            Assert.Throws<ReleaseException>(() => (signed with { Manifest = changed }).Verify(releaser));
        }
        // One of several is enough to refuse them all: nobody may be left with half a policy.
        Assert.Throws<ReleaseException>(() => new AttestationPolicy.Production(releaser, [signed, signed with { Manifest = bytes.AsMemory(1) }]));
    }

    [Fact]
    public void A_signature_over_something_that_is_no_manifest_is_refused() =>
        Assert.Throws<ReleaseException>(() => Sign("""{"Type": "keymeld-something-else/1"}"""u8.ToArray()).Verify(ReleaserKey.Of(_key)));

    [Theory]
    [InlineData("\"PCR0\": \"01", "\"PCR0\": \"0A")]
    [InlineData("\"Type\"", "\"type\"")]
    [InlineData("keymeld-release/1", "keymeld-release/2")]
    [InlineData("Sha384 { ... }", "Sha256 { ... }")]
    [InlineData(":key/", ":alias/")]
    [InlineData("\"1.4.0-rc.1+7\"", "\"\"")]
    [InlineData("\"1.4.0-rc.1+7\"", "\"1.4 0\"")]
    [InlineData("\"1.4.0-rc.1+7\"", "14")]
    [InlineData("2026-11-26T04:00:00Z", "2026-11-26 04:00:00Z")]
    [InlineData("2026-11-26T04:00:00Z", "2026-13-26T04:00:00Z")]
    [InlineData("\"Version\"", "\"Unknown\": 1, \"Version\"")]
    [InlineData("\"Version\"", "\"Type\": \"keymeld-release/1\", \"Version\"")]
    [InlineData("\"PCR2\"", "\"PCR3\"")]
    [InlineData("\"PCR2\"", "\"PCR1\"")]
    [InlineData("3f79bb7b", "3F79bb7b")]
    [InlineData("3f79bb7b", "3f79bb")]
    [InlineData("\n}\n", "\n}}\n")]
    [InlineData("{\n  \"Type\"", "[{\n  \"Type\"")]
    [InlineData("{\n  \"Type\"", "/* */{\n  \"Type\"")]
    public void A_manifest_of_another_form_is_refused_even_if_signed(string part, string instead)
    {
        var text = Encoding.UTF8.GetString(Manifest.ToBytes());
        Assert.Contains(part, text, StringComparison.Ordinal);
        var changed = Encoding.UTF8.GetBytes(text.Replace(part, instead, StringComparison.Ordinal));
        Assert.Throws<ReleaseException>(() => Sign(changed).Verify(ReleaserKey.Of(_key)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void K14_a_manifest_with_a_zero_register_is_refused(int index)
    {
        var text = Encoding.UTF8.GetString(Manifest.ToBytes()).Replace(Pcrs[index], new string('0', 96), StringComparison.Ordinal);
        Assert.Throws<ReleaseException>(() => Sign(Encoding.UTF8.GetBytes(text)).Verify(ReleaserKey.Of(_key)));
    }

    [Fact]
    public void A_manifest_that_is_too_large_is_refused_before_it_is_read() =>
        Assert.Throws<ReleaseException>(() => Sign([.. Manifest.ToBytes(), .. new byte[ReleaseManifest.MaxSize].Select(_ => (byte)' ')]).Verify(ReleaserKey.Of(_key)));

    [Fact]
    public void A_manifest_states_whole_seconds_and_a_configuration()
    {
        Assert.Throws<ReleaseException>(() => new ReleaseManifest("1", Created.AddMilliseconds(1), Build));
        Assert.Throws<ReleaseException>(() => new ReleaseManifest("1", Created, new Release(Pcrs[0], Pcrs[1], Pcrs[2], Arn)));
        Assert.Throws<ArgumentException>(() => Build with { ConfigurationDigest = Digest[1..] });
    }

    [Fact]
    public void A_releasers_key_survives_its_PEM()
    {
        var key = ReleaserKey.FromPem(ReleaserKey.Of(_key).ToPem());
        Assert.Equal(ReleaserKey.Of(_key).Fingerprint, key.Fingerprint);
        Assert.Equal(_key.ExportSubjectPublicKeyInfoPem(), ReleaserKey.Of(_key).ToPem().TrimEnd());
        Assert.True(key.Verifies("x"u8, Sign("x"u8.ToArray()).Signature.Span));
    }

    [Fact]
    public void Only_one_P384_public_key_is_a_releasers()
    {
        using var p256 = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var brainpool = ECDsa.Create(ECCurve.NamedCurves.brainpoolP384r1);
        using var rsa = RSA.Create(2048);
        var right = ReleaserKey.Of(_key).ToPem();
        string[] wrong =
        [
            "", "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----", p256.ExportSubjectPublicKeyInfoPem(), brainpool.ExportSubjectPublicKeyInfoPem(),
            rsa.ExportSubjectPublicKeyInfoPem(), _key.ExportECPrivateKeyPem(), _key.ExportPkcs8PrivateKeyPem(), right + right, right + _key.ExportPkcs8PrivateKeyPem(),
            right.Replace("PUBLIC KEY", "CERTIFICATE", StringComparison.Ordinal), PemEncoding.WriteString("PUBLIC KEY", [.. _key.ExportSubjectPublicKeyInfo(), 0]),
            right + new string(' ', 5000),
        ];
        Assert.All(wrong, pem => Assert.Throws<ReleaseException>(() => ReleaserKey.FromPem(pem)));
        Assert.Throws<ReleaseException>(() => ReleaserKey.Of(p256));
    }

    private SignedRelease Sign(byte[] manifest) => new(manifest, _key.SignData(manifest, HashAlgorithmName.SHA384, DSASignatureFormat.Rfc3279DerSequence));
}
