using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using KeyMeld.Gateway.Http;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Protocol.Signing;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Gateway.Support;

namespace KeyMeld.Tests.Attacks;

/// <summary>Threat N02: a stranger asks for what is others', or wants to know whether it is there. Every call is made for an object that is there and for one that is not.</summary>
public sealed class ForeignTests : IAsyncLifetime
{
    private static readonly Hash32 Absent = Hash32.Sha256("nobody's"u8);
    private readonly SecretKey _stranger = SecretKey.Generate();
    private TestGateway _gateway = null!;
    private TestGroup _group = null!;
    private TestSigning _signing = null!;
    private TestKey _key = null!;

    public async ValueTask InitializeAsync()
    {
        _gateway = await TestGateway.StartAsync();
        _group = await TestGroup.FormAsync(_gateway, approvals: [true, true]);
        _signing = new TestSigning(_group);
        await _signing.SignAsync(prefer: null);
        _key = new TestKey(_gateway);
        await _key.AddAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _stranger.Dispose();
        await _gateway.DisposeAsync();
    }

    [Fact]
    public async Task N02_reading_calls_answer_absent_and_foreign_alike()
    {
        (string Foreign, string Absent)[] paths =
        [
            (_group.Path, $"/api/v1/keygen/{Absent}"), (_group.Path + "/events", $"/api/v1/keygen/{Absent}/events"),
            (_signing.Path, $"/api/v1/signing/{Absent}"), (_signing.Path + "/events", $"/api/v1/signing/{Absent}/events"), (_signing.Path + "/rounds", $"/api/v1/signing/{Absent}/rounds"),
            (_key.Path, $"/api/v1/keys/{Absent}"),
        ];
        foreach (var (foreign, absent) in paths)
        {
            await AreAlikeAsync(HttpStatusCode.NotFound, ErrorCodes.NotFound, path => _gateway.GetAsync(path, _stranger), foreign, absent);
            await AreAlikeAsync(HttpStatusCode.NotFound, ErrorCodes.NotFound, path => _gateway.GetAsync(path, _stranger, prefer: "wait=1"), foreign, absent);
            await AreAlikeAsync(HttpStatusCode.Unauthorized, ErrorCodes.Unauthorized, path => _gateway.GetAsync(path), foreign, absent);
        }
        // Nor does a member of one thing read another.
        (await _gateway.GetAsync(_key.Path, _group.Creator)).IsProblem(HttpStatusCode.NotFound, ErrorCodes.NotFound);
        (await _gateway.GetAsync(_group.Path, _key.Auth)).IsProblem(HttpStatusCode.NotFound, ErrorCodes.NotFound);
        Assert.Equal("formed", await _group.StateAsync());
    }

    [Fact]
    public async Task N02_statements_of_strangers_are_answered_as_if_nothing_were_there_and_change_nothing()
    {
        var rows = DatabaseRows.Of(_gateway.Database);
        var member = _group.Manifest.Value.Participants[1].User;
        foreach (var user in (Id16[])[member, Id16.Random()])
        {
            await StatementsAsync(_signing.Path + "/approvals", $"/api/v1/signing/{Absent}/approvals", hash => new Approval { Request = hash, User = user, Decision = Decision.Reject, Created = 1 }, _signing.Digest);
            await StatementsAsync(_group.Path + "/erase", $"/api/v1/keygen/{Absent}/erase", hash => new Erase { Manifest = hash, User = user, Created = 1 }, _group.Hash);
        }
        await StatementsAsync(_group.Path + "/erase", $"/api/v1/keygen/{Absent}/erase", hash => new Erase { Manifest = hash, Created = 1 }, _group.Hash);
        await StatementsAsync(_signing.Path + "/cancel", $"/api/v1/signing/{Absent}/cancel", hash => new Cancel { Request = hash, Created = 1 }, _signing.Digest);
        await StatementsAsync(_key.Path + "/erase", $"/api/v1/keys/{Absent}/erase", hash => new KeyErase { Key = hash, Created = 1 }, _key.Id);
        Assert.Equal(rows, DatabaseRows.Of(_gateway.Database));
        Assert.Equal("waiting", (await _signing.ShowAsync()).State);
    }

    [Fact]
    public async Task N02_requests_registrations_and_rounds_of_strangers_are_answered_as_if_nothing_were_there()
    {
        var rows = DatabaseRows.Of(_gateway.Database);
        // A request of a group, by its roster.
        var request = new TestSigning(_group, key: _stranger);
        var nowhere = new TestSigning(_group, key: _stranger, change: value => value with { Roster = Absent });
        AreAlike(await request.PostAsync(), await nowhere.PostAsync());

        // A registration: in a member's place, in no place, for another source than the place's.
        foreach (var (user, source) in ((Id16, KeySource)[])[(_group.Manifest.Value.Participants[0].User, KeySource.Imported), (_group.Manifest.Value.Participants[0].User, KeySource.Home), (Id16.Random(), KeySource.Imported)])
        {
            Task<Answer> JoinAsync(Hash32 group) => _gateway.PostAsync(
                $"/api/v1/keygen/{group}/participants", new RegistrationRequestJson(SignedJson.Of(Register(group, user, source).Statement), source == KeySource.Home ? null : [1]), ProtocolJson.Default.RegistrationRequestJson);
            AreAlike(await JoinAsync(_group.Hash), await JoinAsync(Absent));
        }

        // A round blob, of a member and of nobody.
        foreach (var place in (int[])[0, 7])
        {
            Task<Answer> SayAsync(Hash32 signing) => _gateway.PostAsync(
                $"/api/v1/signing/{signing}/rounds",
                RoundBlobJson.Of(RoundBlobEnvelope.Sign(Purposes.Round1, _group.Roster, signing, 1, NodeId.Home(place), Id16.Random(), null, RandomNumberGenerator.GetBytes(90), _stranger)),
                ProtocolJson.Default.RoundBlobJson);
            AreAlike(await SayAsync(_signing.Digest), await SayAsync(Absent));
        }

        // A signature of a key.
        AreAlike(await _key.SignAsync(_key.Request(signer: _stranger)), await _key.SignAsync(_key.Request(signer: _stranger, key: Absent), $"/api/v1/keys/{Absent}/sign"));
        Assert.Equal(0, _gateway.Enclaves.Sum(enclave => enclave.Count("SingleSign")));
        Assert.Equal(rows, DatabaseRows.Of(_gateway.Database));
        (await _key.SignAsync()).Read(ProtocolJson.Default.AnswerJson);
    }

    [Fact]
    public void N02_one_path_verifies_for_an_object_and_for_none_and_nobody_can_sign_for_none()
    {
        var owner = SecretKey.Generate();
        var read = Signed.Read<KeyErase>(StatementSigner.Sign(new KeyErase { Key = Absent, Created = 1 }, owner).Statement);
        Assert.Equal(read.Digest, EqualTime.Require(read, owner.XOnlyPublicKey).Digest);
        Assert.Equal(ErrorCodes.NotFound, Assert.Throws<KeyMeldException>(() => EqualTime.Require(read, _stranger.XOnlyPublicKey)).Code);
        Assert.Equal(ErrorCodes.NotFound, Assert.Throws<KeyMeldException>(() => EqualTime.Require(read, null)).Code);
        Assert.Equal(ErrorCodes.NotFound, EqualTime.Refuse(read).Code);
        // H of BIP-341: x of the point that the generator's encoding hashes to.
        byte[] generator = Convert.FromHexString("0479BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8");
        Assert.Equal(SHA256.HashData(generator), EqualTime.Nobody.Bytes.ToArray());
    }

    private async Task StatementsAsync<T>(string foreign, string absent, Func<Hash32, T> make, Hash32 hash)
        where T : class, IStatement<T>
    {
        foreach (var named in (Hash32[])[hash, Absent, Hash32.Sha256([7])])
        {
            var signed = StatementSigner.Sign(make(named), _stranger).Statement;
            var signature = signed.Signatures[0];
            foreach (var signatures in (SchnorrSignature[][])[[signature], [], [signature, signature]])
            {
                var body = new SignedJson(signed.Statement.ToArray(), signatures);
                Answer[] answers = [await _gateway.PostAsync(foreign, body, ProtocolJson.Default.SignedJson), await _gateway.PostAsync(absent, body, ProtocolJson.Default.SignedJson)];
                AreAlike(answers[0], answers[1]);
            }
        }
    }

    private Signed<Registration> Register(Hash32 group, Id16 user, KeySource source) => StatementSigner.Sign(
        new Registration
        {
            Manifest = group,
            User = user,
            Auth = _stranger.XOnlyPublicKey,
            Approval = false,
            Source = source,
            MemberKey = RandomNumberGenerator.GetBytes(Registration.MemberKeySize),
            Envelope = source == KeySource.Home ? null : Hash32.Sha256([1]),
        },
        SecretKey.Generate(),
        _stranger);

    private static async Task AreAlikeAsync(HttpStatusCode status, string code, Func<string, Task<Answer>> call, string foreign, string absent)
    {
        var (one, other) = (await call(foreign), await call(absent));
        one.IsProblem(status, code);
        AreAlike(one, other, code);
    }

    private static void AreAlike(Answer foreign, Answer absent, string code = ErrorCodes.NotFound)
    {
        Assert.Equal((absent.Status, absent.MediaType), (foreign.Status, foreign.MediaType));
        Assert.Equal(Shown(absent), Shown(foreign));
        Assert.Equal(code, Shown(foreign).Code);
    }

    private static ProblemJson Shown(Answer answer) => JsonSerializer.Deserialize(answer.Body, ProtocolJson.Default.ProblemJson)! with { Instance = null };
}
