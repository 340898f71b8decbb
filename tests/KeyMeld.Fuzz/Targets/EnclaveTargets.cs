using Google.Protobuf;
using KeyMeld.Attestation;
using KeyMeld.Enclave.Clock;
using KeyMeld.Enclave.Configuration;
using KeyMeld.Enclave.Nsm;
using KeyMeld.Enclave.Nsm.Messages;
using KeyMeld.Enclave.Sealing;
using KeyMeld.Enclave.Sealing.Cms;
using KeyMeld.Enclave.Signing;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Wire.V1;
using static KeyMeld.Fuzz.PropertyException;

namespace KeyMeld.Fuzz.Targets;

/// <summary>What KMS, the gateway and the image hand to an enclave.</summary>
internal static class EnclaveTargets
{
    private const string Arn = "arn:aws:kms:us-west-2:000000000000:key/11111111-2222-4333-8444-555555555555";
    private static readonly byte[] DataKey = new byte[32];

    private static readonly KmsConfiguration Kms = new()
    {
        KeyId = Arn,
        PreviousKeyIds = [],
        Region = "us-west-2",
        Endpoint = null,
        EnableAttestation = true,
        TlsRoots = null,
    };

    public static IEnumerable<FuzzTarget> All { get; } =
    [
        new("cms", () => Source.Files("cms", "*.ber"), Cms),
        Refusing("sealed-row", Rows, SealedRow),
        new("aes-gcm-wire", () => [AesGcmWire.Encrypt(DataKey, "aad"u8, new byte[32])], Wire),
        Refusing("round-blob", Blobs, Blob),
        FuzzTarget.Of<ConfigurationException>("configuration", Configurations, Configuration),
        FuzzTarget.Of<NsmException>("nsm-response", Source.NsmResponses, NsmAnswer),
        FuzzTarget.Of<NsmException>("nsm-timestamp", AttestationTargets.Documents, Timestamp),
    ];

    private static void Cms(byte[] input)
    {
        if (EnvelopedKey.TryParse(input, out var parsed))
        {
            Require(parsed.SubjectKeyIdentifier.Length == 32 && parsed.Iv.Length == 16 && parsed.EncryptedContentKey.Length > 0
                && parsed.Ciphertext.Length > 0 && parsed.Ciphertext.Length % 16 == 0 && parsed.Ciphertext.Length < EnvelopedKey.MaxBytes, "fields keep their sizes");
        }
    }

    private static IEnumerable<byte[]> Rows()
    {
        var row = new SealedKeyRow
        {
            EnclaveId = 0,
            KeyEpoch = 1,
            PublicKey = ByteString.CopyFrom(Convert.FromHexString("0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798")),
            KmsEncryptedDek = ByteString.CopyFrom(new byte[184]),
            EncryptedPrivateKey = ByteString.CopyFrom(AesGcmWire.Encrypt(DataKey, "aad"u8, new byte[32])),
            KmsKeyId = Arn,
        };
        yield return row.ToByteArray();
    }

    private static void SealedRow(byte[] input)
    {
        var row = SealedKeyRow.Parser.ParseFrom(input);
        var record = SealedRows.Read([row], 0, Kms).Single();
        Require(record.KmsKeyId == Arn && record.Epoch > 0 && record.EncryptedPrivateKey.Length == 61, "a row that is taken is this enclave's");
        _ = KeySealer.ContextOf(record);
    }

    private static void Wire(byte[] input)
    {
        if (AesGcmWire.TryDecryptSecret(DataKey, "aad"u8, input, out var secret))
        {
            using (secret)
            {
                Require(input.Length == 1 + 12 + secret.Span.Length + 16 && secret.Span.IndexOfAnyExcept((byte)0) < 0, "only what was encrypted opens");
            }
        }
    }

    private static IEnumerable<byte[]> Blobs()
    {
        yield return new RoundBlob { Attempt = 1, NodeKind = 0, NodeIndex = 2, Boot = ByteString.CopyFrom(new byte[16]), Blob = ByteString.CopyFrom(new byte[60]), Signature = ByteString.CopyFrom(new byte[64]) }.ToByteArray();
        yield return new RoundBlob { Attempt = 2, NodeKind = 1, Boot = ByteString.CopyFrom(new byte[16]), Tau = ByteString.CopyFrom(new byte[32]), Signature = ByteString.CopyFrom(new byte[64]) }.ToByteArray();
    }

    private static void Blob(byte[] input)
    {
        var blob = RoundBlob.Parser.ParseFrom(input);
        var read = UntrustedBlobs.Read(blob).ToWire();
        Require(read.Attempt == blob.Attempt && read.NodeKind == blob.NodeKind && read.NodeIndex == blob.NodeIndex && read.Boot == blob.Boot && read.Tau == blob.Tau
            && read.Blob == blob.Blob && read.Signature == blob.Signature, "a blob goes out as it came in");
    }

    private static IEnumerable<byte[]> Configurations()
    {
        yield return System.Text.Encoding.UTF8.GetBytes($"mode: production\nkms:\n  key_id: \"{Arn}\"\n  region: us-west-2\n  previous_key_ids: []\n  forwarder: vsock:3:8000\nlimits: {{ memory_bytes: 268435456 }}\n");
        yield return System.Text.Encoding.UTF8.GetBytes($"mode: development\nkms: {{ key_id: \"{Arn}\", region: us-west-2, endpoint_url: \"http://127.0.0.1:4566\", enable_attestation: true }}\n");
        yield return "a: &b [1, 2]\nc: *b\n? {x: y}\n: |\n  text\n--- !!map {}\n"u8.ToArray();
    }

    private static void Configuration(byte[] input)
    {
        var configuration = ConfigurationFile.Parse(input);
        Require(!configuration.IsProduction || (configuration.Kms.EnableAttestation && configuration.Kms.KeyId.Contains(":key/", StringComparison.Ordinal)), "production is never weakened");
    }

    private static void NsmAnswer(byte[] input)
    {
        byte[] Read(Func<ReadOnlyMemory<byte>, byte[]> reader)
        {
            try
            {
                return reader(input);
            }
            catch (NsmException)
            {
                return [];
            }
        }
        var (document, random) = (Read(NsmResponse.ReadDocument), Read(NsmResponse.ReadRandom));
        Require(document.Length == 0 || random.Length == 0, "an answer answers one request");
        Require(document.Length <= NsmResponse.MaxBytes && random.Length <= 256, "sizes are bounded");
    }

    private static void Timestamp(byte[] input)
    {
        var milliseconds = AttestationTimestamp.Read(input);
        try
        {
            Require(AttestationDocument.Parse(input).Timestamp.ToUnixTimeMilliseconds() == milliseconds, "two readers see one time");
        }
        catch (AttestationException)
        {
        }
    }

    // Bytes that are no protocol buffer never reach these readers: gRPC refuses them first.
    private static FuzzTarget Refusing(string name, Func<IEnumerable<byte[]>> seeds, Action<byte[]> play) => FuzzTarget.Of<KeyMeldException>(name, seeds, input =>
    {
        try
        {
            play(input);
        }
        catch (InvalidProtocolBufferException)
        {
        }
    });
}
