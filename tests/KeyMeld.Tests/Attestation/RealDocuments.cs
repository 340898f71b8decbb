using KeyMeld.Attestation;
using KeyMeld.Tests.Support;

namespace KeyMeld.Tests.Attestation;

/// <summary>The real documents beside the project, by file name.</summary>
internal static class RealDocuments
{
    public const string Base = "base-2024-02-26.bin";
    public const string Debug = "evervault-2022-10-12-debug-zero-pcr012.bin";
    public const string Signed = "evervault-2022-10-13-signed-pcr8.bin";
    public const string Veracruz = "veracruz-2022-11-09.cbor";
    public const string BadSignature = "veracruz-2022-11-09-BADSIG.cbor";

    public static AttestationExpectations Anything { get; } = new()
    {
        Nonce = FieldExpectation.Any,
        UserData = FieldExpectation.Any,
        PublicKey = FieldExpectation.Any,
    };

    public static byte[] Read(string name) => Vectors.Bytes("attestation", name);

    public static DateTimeOffset TimeOf(byte[] document) => AttestationDocument.Parse(document).Timestamp;

    public static VerifiedAttestation VerifyAtItsTime(byte[] document) => VerifyAt(document, TimeOf(document));

    public static VerifiedAttestation VerifyAt(byte[] document, DateTimeOffset at) =>
        new AttestationVerifier(AttestationRoot.AwsNitroG1, TimeProvider.System).VerifyArchived(document, Anything, at);

    public static AttestationFailure Refusal(Func<object> verification) => Assert.Throws<AttestationException>(verification).Failure;
}
