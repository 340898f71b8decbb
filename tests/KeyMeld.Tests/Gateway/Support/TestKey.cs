using System.Security.Cryptography;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Tests.Gateway.Support;

/// <summary>A single-signer key whose owner the test is: statements are real, what only the enclave looks into is random.</summary>
internal sealed class TestKey
{
    public TestKey(TestGateway gateway, KeySource source = KeySource.Imported, SecretKey? auth = null, Id16? id = null, int enclave = 0)
    {
        (Gateway, Auth) = (gateway, auth ?? SecretKey.Generate());
        Values = new KeyStatement
        {
            Key = id ?? Id16.Random(),
            User = Id16.Random(),
            Auth = Auth.XOnlyPublicKey,
            Enclave = gateway.Enclaves[enclave].Keys,
            Source = source,
            Envelope = source == KeySource.Made ? null : Hash32.Sha256(Sealed),
            Created = 1_800_000_000_000,
        };
        Statement = StatementSigner.Sign(Values, Auth);
    }

    public TestGateway Gateway { get; }

    public SecretKey Auth { get; }

    public byte[] Sealed { get; } = RandomNumberGenerator.GetBytes(146);

    public KeyStatement Values { get; }

    public Signed<KeyStatement> Statement { get; }

    public Hash32 Id => Statement.Hash;

    public string Path => $"/api/v1/keys/{Id}";

    public Task<Answer> PostAsync(bool authorized = false, byte[]? wire = null, Signed<KeyStatement>? statement = null) => Gateway.PostAsync(
        "/api/v1/keys", new KeyRequestJson(SignedJson.Of((statement ?? Statement).Statement), wire ?? Sealed), ProtocolJson.Default.KeyRequestJson, reader: authorized ? Auth : null);

    public async Task<KeyCreatedJson> AddAsync() => (await PostAsync()).Read(ProtocolJson.Default.KeyCreatedJson);

    public (Signed<SingleSign> Statement, byte[] Wire) Request(SecretKey? signer = null, Hash32? key = null)
    {
        var wire = RandomNumberGenerator.GetBytes(180);
        var statement = new SingleSign { Key = key ?? Id, Request = Id16.Random(), Created = 1_800_000_000_000, Expires = 1_800_000_600_000, Algorithm = SingleSignAlgorithm.Bip340, Sealed = Hash32.Sha256(wire) };
        return (StatementSigner.Sign(statement, signer ?? Auth), wire);
    }

    public Task<Answer> SignAsync((Signed<SingleSign> Statement, byte[] Wire)? request = null, string? path = null)
    {
        var (statement, wire) = request ?? Request();
        return Gateway.PostAsync(path ?? Path + "/sign", new SingleSignRequestJson(SignedJson.Of(statement.Statement), wire), ProtocolJson.Default.SingleSignRequestJson);
    }

    public Signed<KeyErase> Erasure(SecretKey? signer = null, Hash32? key = null) => StatementSigner.Sign(new KeyErase { Key = key ?? Id, Created = 1_800_000_000_000 }, signer ?? Auth);

    public Task<Answer> EraseAsync(Signed<KeyErase>? erase = null, string? path = null) => Gateway.PostAsync(path ?? Path + "/erase", (erase ?? Erasure()).Statement);
}
