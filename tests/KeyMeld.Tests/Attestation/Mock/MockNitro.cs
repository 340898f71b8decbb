using System.Security.Cryptography;
using KeyMeld.Attestation;
using static KeyMeld.Tests.Attestation.Mock.RawCbor;

namespace KeyMeld.Tests.Attestation.Mock;

/// <summary>
/// A hierarchy of one's own that signs documents, right ones and any wrong one. Independent of the verifier and of the simulator: CBOR and COSE are written by
/// hand.
/// </summary>
internal sealed class MockNitro
{
    public const string EnclaveId = "i-0123456789abcdef0-enc0123456789abcdef";
    public static readonly DateTimeOffset Now = MockCertificate.Now;
    private static readonly byte[] Es384 = [0xa1, 0x01, 0x38, 0x22];

    public MockNitro(
        MockCertificate? root = null,
        MockCertificate? regional = null,
        MockCertificate? zonal = null,
        MockCertificate? instance = null,
        MockCertificate? leaf = null)
    {
        Root = (root ?? MockCertificate.Root).Issue(null);
        Regional = (regional ?? MockCertificate.Regional).Issue(Root);
        Zonal = (zonal ?? MockCertificate.Zonal).Issue(Regional);
        Instance = (instance ?? MockCertificate.Instance).Issue(Zonal);
        Leaf = (leaf ?? MockCertificate.Leaf).Issue(Instance);
        Bundle = [Root.Der, Regional.Der, Zonal.Der, Instance.Der];
        Certificate = Leaf.Der;
    }

    public static MockNitro Right { get; } = new();

    public MockCertificate.Issued Root { get; }

    public MockCertificate.Issued Regional { get; }

    public MockCertificate.Issued Zonal { get; }

    public MockCertificate.Issued Instance { get; }

    public MockCertificate.Issued Leaf { get; }

    public byte[][] Bundle { get; init; }

    public byte[] Certificate { get; init; }

    public AttestationRoot Pinned => AttestationRoot.Development(Root.Certificate);

    public static byte[] Register(byte value) => [.. Enumerable.Repeat(value, 48)];

    public static byte[] Pcrs(params (ulong Index, byte[] Value)[] registers) =>
        Map([.. registers.Select(register => (Uint(register.Index), Bytes(register.Value)))]);

    public static byte[] RightPcrs { get; } = Pcrs([.. Enumerable.Range(0, 16).Select(index => ((ulong)index, Register((byte)(index < 3 ? index + 1 : 0))))]);

    /// <summary>The nine fields of a right document, each in CBOR.</summary>
    public List<(string Name, byte[] Value)> Fields() =>
    [
        ("module_id", Text(EnclaveId)),
        ("digest", Text("SHA384")),
        ("timestamp", Uint((ulong)Now.ToUnixTimeMilliseconds())),
        ("pcrs", RightPcrs),
        ("certificate", Bytes(Certificate)),
        ("cabundle", RawCbor.Array([.. Bundle.Select(der => Bytes(der))])),
        ("public_key", Null),
        ("user_data", Null),
        ("nonce", Null),
    ];

    public byte[] Document() => Sign(Payload(Fields()));

    /// <summary>A signed document with some fields replaced or added.</summary>
    public byte[] With(params (string Name, byte[] Value)[] changes)
    {
        var fields = Fields();
        foreach (var change in changes)
        {
            var at = fields.FindIndex(field => field.Name == change.Name);
            if (at < 0)
            {
                fields.Add(change);
            }
            else
            {
                fields[at] = change;
            }
        }
        return Sign(Payload(fields));
    }

    public byte[] Without(string name) => Sign(Payload([.. Fields().Where(field => field.Name != name)]));

    public static (byte[] Key, byte[] Value)[] Entries(IEnumerable<(string Name, byte[] Value)> fields) =>
        [.. fields.Select(field => (Text(field.Name), field.Value))];

    public static byte[] Payload(IEnumerable<(string Name, byte[] Value)> fields) => Map(Entries(fields));

    /// <summary>RFC 9052 section 4.4, by hand.</summary>
    public byte[] Signature(byte[] payload, byte[]? header = null) => Leaf.Key.SignData(
        RawCbor.Array(Text("Signature1"), Bytes(header ?? Es384), Bytes([]), Bytes(payload)),
        HashAlgorithmName.SHA384,
        DSASignatureFormat.IeeeP1363FixedFieldConcatenation);

    public byte[] Sign(byte[] payload, byte[]? header = null) =>
        RawCbor.Array(Bytes(header ?? Es384), Map(), Bytes(payload), Bytes(Signature(payload, header)));

    public VerifiedAttestation Verify(byte[] document, AttestationExpectations? expectations = null, DateTimeOffset? at = null) =>
        new AttestationVerifier(Pinned, TimeProvider.System).VerifyArchived(document, expectations ?? RealDocuments.Anything, at ?? Now);

    public AttestationFailure Refusal(byte[] document, AttestationExpectations? expectations = null, DateTimeOffset? at = null) =>
        RealDocuments.Refusal(() => Verify(document, expectations, at));
}
