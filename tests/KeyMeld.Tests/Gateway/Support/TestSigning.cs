using System.Security.Cryptography;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Tests.Gateway.Support;

/// <summary>A request of a <see cref="TestGroup"/>.</summary>
internal sealed class TestSigning
{
    public TestSigning(TestGroup group, int? by = 0, TimeSpan? lifetime = null, Func<SigningRequest, SigningRequest>? change = null, SecretKey? key = null, DateTimeOffset? now = null)
    {
        Group = group;
        Items = RandomNumberGenerator.GetBytes(200);
        var created = now ?? DateTimeOffset.UtcNow;
        var request = new SigningRequest
        {
            Roster = group.Roster,
            Signing = Id16.Random(),
            By = by,
            Created = created.ToUnixTimeMilliseconds(),
            Expires = (created + (lifetime ?? TimeSpan.FromMinutes(10))).ToUnixTimeMilliseconds(),
            Items = 1,
            Signers = [.. Enumerable.Range(0, group.Auths.Length)],
            Sealed = Hash32.Sha256(Items),
        };
        Key = key ?? (by is { } place ? group.Auths[place] : group.Creator);
        Request = StatementSigner.Sign(change?.Invoke(request) ?? request, Key);
    }

    private TestSigning(TestSigning other, TestGroup group) => (Group, Items, Key, Request) = (group, other.Items, other.Key, other.Request);

    public TestGroup Group { get; }

    public byte[] Items { get; }

    public SecretKey Key { get; }

    public Signed<SigningRequest> Request { get; }

    public Hash32 Digest => Request.Digest;

    public string Path => $"/api/v1/signing/{Digest}";

    /// <summary>The same request at another gateway.</summary>
    public TestSigning At(TestGateway gateway) => new(this, Group.At(gateway));

    public Task<Answer> PostAsync(string? prefer = null, SecretKey? reader = null, byte[]? items = null) => Group.Gateway.PostAsync(
        "/api/v1/signing", new SigningPostJson(SignedJson.Of(Request.Statement), items ?? Items), ProtocolJson.Default.SigningPostJson, prefer, reader);

    public async Task<SigningPostedJson> SignAsync(string? prefer = "wait=30") => (await PostAsync(prefer)).Read(ProtocolJson.Default.SigningPostedJson);

    public Task<Answer> DecideAsync(int place, Decision decision = Decision.Approve, string? prefer = null, SecretKey? key = null) =>
        Group.Gateway.PostAsync(Path + "/approvals", Decide(place, decision, key).Statement, prefer);

    public Signed<Approval> Decide(int place, Decision decision = Decision.Approve, SecretKey? key = null) => StatementSigner.Sign(
        new Approval { Request = Digest, User = Group.Manifest.Value.Participants[place].User, Decision = decision, Created = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() },
        key ?? Group.Auths[place]);

    public Task<Answer> CancelAsync(SecretKey? key = null) =>
        Group.Gateway.PostAsync(Path + "/cancel", StatementSigner.Sign(new Cancel { Request = Digest, Created = 1 }, key ?? Key).Statement);

    public async Task<SigningJson> ShowAsync(string? prefer = null) => (await Group.Gateway.GetAsync(Path, Group.Creator, prefer)).Read(ProtocolJson.Default.SigningJson);
}
