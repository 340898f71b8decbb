using System.Security.Cryptography.Cose;
using KeyMeld.Attestation;
using static KeyMeld.Fuzz.PropertyException;

namespace KeyMeld.Fuzz.Targets;

/// <summary>Attestation documents: as a whole, their payload alone (so that changes get past the envelope), and release manifests.</summary>
internal static class AttestationTargets
{
    private static readonly AttestationExpectations Anything = new() { Nonce = FieldExpectation.Any, UserData = FieldExpectation.Any, PublicKey = FieldExpectation.Any };
    private static readonly Lazy<HashSet<string>> Signed = new(() => [.. Documents().Select(PayloadOf)]);

    public static IEnumerable<FuzzTarget> All { get; } =
    [
        FuzzTarget.Of<AttestationException>("attestation-document", Documents, Document),
        FuzzTarget.Of<AttestationException>("attestation-payload", () => Documents().Select(document => CoseSign1.Parse(document).Payload), Payload),
        FuzzTarget.Of<ReleaseException>("release-manifest", Manifests, Manifest),
        FuzzTarget.Of<ReleaseException>("releaser-key", () => [System.Text.Encoding.ASCII.GetBytes(Key)], ReleaserPem),
    ];

    private const string Key = """
        -----BEGIN PUBLIC KEY-----
        MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEqofKIr6LBTeOscce8yCtdG4dO2KLp5uYWfdB4IJUKjhVAvJdv1UpbDpUXjhydgq3
        NhfeSpYmLG9dnpi/kpLcKfj0Hb0omhR86doxE7XwuMAKYLHOHX6BnXpDHXyQ6g5f
        -----END PUBLIC KEY-----

        """;

    public static IEnumerable<byte[]> Documents() => Source.Files("attestation", "*.bin").Concat(Source.Files("attestation", "*.cbor"));

    private static string PayloadOf(byte[] document) => Convert.ToHexString(CoseSign1.Parse(document).Payload);

    private static void Document(byte[] input)
    {
        var document = AttestationDocument.Parse(input);
        // .NET's own COSE reader sees the same envelope.
        var cose = CoseMessage.DecodeSign1(input);
        RequireEqual(document.Envelope.Payload, cose.Content!.Value.Span, "two readers see one payload");
        var verified = new AttestationVerifier(AttestationRoot.AwsNitroG1, TimeProvider.System).VerifyArchived(input, Anything, document.Timestamp);
        Require(Signed.Value.Contains(PayloadOf(input)) && !verified.Pcrs.IsZero(0), "only what AWS signed verifies");
    }

    private static void Payload(byte[] input)
    {
        var document = AttestationDocument.Parse(CoseSign1.Encode(input, new byte[96]));
        Require(document.Pcrs.Indexes.All(index => index is >= 0 and < 32) && document.CaBundle.Count > 0 && document.ModuleId.Length > 0, "fields keep their rules");
    }

    private static IEnumerable<byte[]> Manifests()
    {
        var release = new Release(new string('1', 96), new string('2', 96), new string('a', 96), "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab")
        {
            ConfigurationDigest = new string('b', 64),
        };
        yield return new ReleaseManifest("1.0.0", DateTimeOffset.UnixEpoch, release).ToBytes();
    }

    private static void Manifest(byte[] input)
    {
        var manifest = ReleaseManifest.Parse(input);
        Require(ReleaseManifest.Parse(manifest.ToBytes()) == manifest, "a manifest reads as it was written");
        Require(manifest.Release.Pcr0.AsSpan().ContainsAnyExcept('0'), "no release is of debug mode");
    }

    private static void ReleaserPem(byte[] input)
    {
        var key = ReleaserKey.FromPem(System.Text.Encoding.Latin1.GetString(input));
        Require(ReleaserKey.FromPem(key.ToPem()).Fingerprint == key.Fingerprint, "a key reads as it was written");
        Require(!key.Verifies(input, input), "nothing is its own signature");
    }
}
