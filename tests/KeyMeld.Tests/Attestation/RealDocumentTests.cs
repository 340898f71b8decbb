using System.Security.Cryptography;
using System.Text.Json;
using KeyMeld.Attestation;
using KeyMeld.Tests.Support;
using static KeyMeld.Tests.Attestation.RealDocuments;

namespace KeyMeld.Tests.Attestation;

public class RealDocumentTests
{
    [Theory]
    [InlineData(Base)]
    [InlineData(Signed)]
    [InlineData(Veracruz)]
    public void A_real_document_is_valid_at_its_own_time(string name)
    {
        var document = Read(name);
        var verified = VerifyAtItsTime(document);
        Assert.Equal(TimeOf(document), verified.VerifiedAt);
        Assert.Equal(verified.Pcrs, AttestationDocument.Parse(document).Pcrs);
    }

    [Theory]
    [InlineData(Base)]
    [InlineData(Debug)]
    [InlineData(Signed)]
    [InlineData(Veracruz)]
    [InlineData(BadSignature)]
    public void No_real_document_is_valid_now(string name)
    {
        var verifier = new AttestationVerifier(AttestationRoot.AwsNitroG1, TimeProvider.System);
        Assert.Equal(AttestationFailure.CertificateTime, Refusal(() => verifier.Verify(Read(name), Anything)));
    }

    [Fact]
    public void A_bad_signature_is_refused_at_its_own_time() => Assert.Equal(AttestationFailure.Signature, Refusal(() => VerifyAtItsTime(Read(BadSignature))));

    [Fact]
    public void K14_a_debug_mode_document_is_refused_though_its_signature_and_chain_are_valid() =>
        Assert.Equal(AttestationFailure.DebugMode, Refusal(() => VerifyAtItsTime(Read(Debug))));

    [Fact]
    public void Every_field_is_what_the_vectors_say()
    {
        var cases = 0;
        foreach (var expected in Vectors.Json("attestation", "expected.json").EnumerateObject())
        {
            var bytes = Read(expected.Name);
            Assert.Equal(Text(expected, "sha256"), Convert.ToHexStringLower(SHA256.HashData(bytes)));
            var document = AttestationDocument.Parse(bytes);
            Assert.Equal(Text(expected, "module_id"), document.ModuleId);
            Assert.Equal(expected.Value.GetProperty("timestamp_ms").GetInt64(), document.Timestamp.ToUnixTimeMilliseconds());
            Assert.Equal(expected.Value.GetProperty("pcr_indexes").EnumerateArray().Select(index => index.GetInt32()), document.Pcrs.Indexes);
            Assert.All(expected.Value.GetProperty("zero_pcrs").EnumerateArray(), index => Assert.True(document.Pcrs.IsZero(index.GetInt32())));
            Assert.All(expected.Value.GetProperty("pcrs").EnumerateObject(),
                pcr => Assert.Equal(pcr.Value.GetString(), document.Pcrs[int.Parse(pcr.Name, null)]));
            Assert.Equal(Text(expected, "user_data_hex"), Hex(document.UserData));
            Assert.Equal(Text(expected, "nonce_hex"), Hex(document.Nonce));
            Assert.Equal(Text(expected, "public_key_head"), Hex(document.PublicKey) is { } key ? key[..Math.Min(48, key.Length)] : null);
            Assert.Equal(expected.Value.GetProperty("public_key_len") is { ValueKind: JsonValueKind.Number } length ? length.GetInt32() : null,
                document.PublicKey?.Length);
            Assert.Equal(expected.Value.GetProperty("cabundle_len").GetInt32(), document.CaBundle.Count);
            cases++;
        }
        Assert.Equal(5, cases);
    }

    [Theory]
    [InlineData(Base)]
    [InlineData(Debug)]
    [InlineData(Signed)]
    [InlineData(Veracruz)]
    public void PCR4_measures_the_instance_in_the_module_id(string name)
    {
        var document = AttestationDocument.Parse(Read(name));
        Assert.True(ModuleId.IsEnclave(document.ModuleId, out var instance));
        Assert.Equal(Convert.ToHexStringLower(PcrMath.OfText(instance)), document.Pcrs[4]);
    }

    [Theory]
    [InlineData(Base)]
    [InlineData(Signed)]
    [InlineData(Veracruz)]
    public void A_real_document_is_refused_before_and_after_its_five_minutes(string name)
    {
        var document = Read(name);
        var made = TimeOf(document);
        VerifyAt(document, made + AttestationVerifier.MaxClockDifference);
        Assert.Equal(AttestationFailure.Stale, Refusal(() => VerifyAt(document, made + AttestationVerifier.MaxClockDifference + TimeSpan.FromMilliseconds(1))));
        Assert.Equal(AttestationFailure.CertificateTime, Refusal(() => VerifyAt(document, made - TimeSpan.FromHours(4))));
        Assert.Equal(AttestationFailure.CertificateTime, Refusal(() => VerifyAt(document, made + TimeSpan.FromHours(4))));
    }

    [Fact]
    public void The_embedded_root_is_the_published_one()
    {
        Assert.Equal(Vectors.Bytes("attestation", "aws_nitro_root_G1.der"), AttestationRoot.AwsNitroG1.Der.ToArray());
        Assert.Equal(AttestationRoot.AwsNitroG1Fingerprint, AttestationRoot.AwsNitroG1.Fingerprint);
    }

    private static string? Text(JsonProperty expected, string name) => expected.Value.GetProperty(name).GetString();

    private static string? Hex(ReadOnlyMemory<byte>? value) => value is { } bytes ? Convert.ToHexStringLower(bytes.Span) : null;
}
