using System.Net;
using System.Security.Cryptography;
using KeyMeld.Protocol.Groups;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Tests.Gateway.Support;

/// <summary>A group whose keys the test holds: statements are real, what only enclaves and members look into is random.</summary>
internal sealed class TestGroup
{
    private TestGroup(TestGateway gateway, Manifest manifest, SecretKey creator, SecretKey[] admissions, SecretKey[] auths, bool[] approvals)
    {
        Gateway = gateway;
        Creator = creator;
        Admissions = admissions;
        Auths = auths;
        Manifest = StatementSigner.Sign(manifest, creator);
        Terms = RandomNumberGenerator.GetBytes(60);
        SessionSecrets = [.. manifest.Enclaves.Select(_ => RandomNumberGenerator.GetBytes(114))];
        Envelopes = [.. auths.Select(_ => RandomNumberGenerator.GetBytes(114))];
        Registrations = [.. auths.Select((_, place) => Register(place, approvals[place], source: manifest.Participants[place].Enclave is null ? KeySource.Home : KeySource.Imported))];
    }

    private TestGroup(TestGroup other) =>
        (Gateway, Manifest, Creator, Admissions, Auths, Terms, SessionSecrets, Envelopes, Registrations) =
        (other.Gateway, other.Manifest, other.Creator, other.Admissions, other.Auths, other.Terms, other.SessionSecrets, other.Envelopes, other.Registrations);

    public TestGateway Gateway { get; private init; }

    public Signed<Manifest> Manifest { get; }

    public SecretKey Creator { get; }

    public SecretKey[] Admissions { get; }

    public SecretKey[] Auths { get; }

    public byte[] Terms { get; }

    public byte[][] SessionSecrets { get; }

    public byte[][] Envelopes { get; }

    public Signed<Registration>[] Registrations { get; }

    public Hash32 Hash => Manifest.Digest;

    public Hash32 Roster => RosterHash.Of(Hash, [.. Registrations.Select(registration => registration.Hash)]);

    public string Path => $"/api/v1/keygen/{Hash}";

    /// <summary>A group spread over the gateway's enclaves, that nobody has heard of yet.</summary>
    public static TestGroup Make(TestGateway gateway, int members = 2, Func<Manifest, Manifest>? change = null, params bool[] approvals)
    {
        var (creator, admissions, auths) = (SecretKey.Generate(), Keys(members), Keys(members));
        var manifest = new Manifest
        {
            Created = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(),
            Creator = creator.XOnlyPublicKey,
            Unattended = true,
            Enclaves = [.. gateway.Enclaves.Select(enclave => enclave.Keys)],
            Participants = [.. admissions.Select((key, place) => new Participant(Id16.Random(), key.XOnlyPublicKey, place % gateway.Enclaves.Length))],
            Subsets = [],
            Approvals = new ApprovalPolicy([], 0),
            Terms = Hash32.Sha256([1]),
        };
        return new TestGroup(gateway, change?.Invoke(manifest) ?? manifest, creator, admissions, auths, [.. Enumerable.Range(0, members).Select(place => place < approvals.Length && approvals[place])]);
    }

    /// <summary>A formed group.</summary>
    public static async Task<TestGroup> FormAsync(TestGateway gateway, int members = 2, Func<Manifest, Manifest>? change = null, params bool[] approvals)
    {
        var group = Make(gateway, members, change, approvals);
        await group.CreateAsync();
        for (var place = 0; place < members; place++)
        {
            (await group.JoinAsync(place, prefer: place == members - 1 ? "wait=30" : null)).Read(ProtocolJson.Default.StateJson);
        }
        Assert.Equal("formed", await group.StateAsync());
        return group;
    }

    /// <summary>The same group at another gateway.</summary>
    public TestGroup At(TestGateway gateway) => new(this) { Gateway = gateway };

    public async Task CreateAsync() => Assert.Equal(HttpStatusCode.Created, (await PostAsync()).Status);

    public Task<Answer> PostAsync() => Gateway.PostAsync("/api/v1/keygen", new KeygenRequestJson(SignedJson.Of(Manifest.Statement), Terms, SessionSecrets), ProtocolJson.Default.KeygenRequestJson);

    public Task<Answer> JoinAsync(int place, Signed<Registration>? registration = null, byte[]? envelope = null, string? prefer = null) => Gateway.PostAsync(
        Path + "/participants",
        new RegistrationRequestJson(SignedJson.Of((registration ?? Registrations[place]).Statement), envelope ?? Envelopes[place]),
        ProtocolJson.Default.RegistrationRequestJson,
        prefer);

    /// <summary>Joins a place without an enclave.</summary>
    public Task<Answer> JoinAtHomeAsync(int place, string? prefer = null) => Gateway.PostAsync(
        Path + "/participants", new RegistrationRequestJson(SignedJson.Of(Registrations[place].Statement)), ProtocolJson.Default.RegistrationRequestJson, prefer);

    public async Task<KeygenJson> ShowAsync() => (await Gateway.GetAsync(Path, Creator)).Read(ProtocolJson.Default.KeygenJson);

    public async Task<string> StateAsync() => (await ShowAsync()).State;

    public Signed<Registration> Register(int place, bool approval = false, SecretKey? admission = null, byte[]? envelope = null, KeySource source = KeySource.Imported) => StatementSigner.Sign(
        new Registration
        {
            Manifest = Hash,
            User = Manifest.Value.Participants[place].User,
            Auth = Auths[place].XOnlyPublicKey,
            Approval = approval,
            Source = source,
            MemberKey = RandomNumberGenerator.GetBytes(Registration.MemberKeySize),
            Envelope = source == KeySource.Home ? null : Hash32.Sha256(envelope ?? Envelopes[place]),
        },
        admission ?? Admissions[place],
        Auths[place]);

    public static SecretKey[] Keys(int count) => [.. Enumerable.Range(0, count).Select(_ => SecretKey.Generate())];
}
