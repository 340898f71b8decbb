using System.Collections;
using System.Net;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Gateway.Support;

namespace KeyMeld.Tests.Attacks;

/// <summary>
/// Threat N05: a key that makes too many signed calls, whatever they are, is refused and nothing is changed; and nobody uses up what is another's, neither with forged calls nor by repeating what it
/// saw another say.
/// </summary>
public sealed class KeyMeasureTests
{
    // Two a second, twice as many at once.
    private const int Measure = 4;

    [Theory]
    [InlineData("create group")]
    [InlineData("join")]
    [InlineData("request")]
    [InlineData("vote")]
    [InlineData("cancel")]
    [InlineData("round")]
    [InlineData("erase group")]
    [InlineData("erase member")]
    [InlineData("add key")]
    [InlineData("erase key")]
    public async Task N05_every_signed_call_counts_once_for_its_signer_and_only_for_its_signer(string kind)
    {
        var time = new FrozenTime();
        await using var gateway = await TestGateway.StartAsync(enclaves: 2, time: time, overrides: new Hashtable
        {
            ["KEYMELD__LIMITS__CALLS_PER_SECOND_OF_KEY"] = "2",
            ["KEYMELD__LIMITS__CALLS_PER_SECOND"] = "10000",
        });
        using var stranger = SecretKey.Generate();
        var (key, call, forged) = await PrepareAsync(kind, gateway, stranger);
        time.Pass(TimeSpan.FromMinutes(1));

        // What names the key and is not signed by it counts for nobody.
        for (var i = 0; i < 2 * Measure; i++)
        {
            Assert.InRange((int)(await forged()).Status, 400, 428);
        }
        await ReadsAsync(gateway, key, Measure);

        // Beyond the measure nothing is done; others go on.
        (await call()).IsProblem(HttpStatusCode.TooManyRequests, ErrorCodes.RateLimited);
        await ReadsAsync(gateway, stranger, Measure);

        // Later it is the first of its kind still, and counts as one call.
        time.Pass(TimeSpan.FromMinutes(1));
        Assert.InRange((int)(await call()).Status, 200, 201);
        for (var i = 0; i < 2 * Measure; i++)
        {
            // Somebody who saw it says it again.
            Assert.Equal(HttpStatusCode.OK, (await call()).Status);
        }
        await ReadsAsync(gateway, key, Measure - 1);
    }

    /// <summary>Exactly so many calls are left to this key.</summary>
    private static async Task ReadsAsync(TestGateway gateway, SecretKey key, int left)
    {
        for (var i = 0; i < left; i++)
        {
            Assert.Equal(HttpStatusCode.OK, (await gateway.GetAsync("/api/v1/keys", key)).Status);
        }
        (await gateway.GetAsync("/api/v1/keys", key)).IsProblem(HttpStatusCode.TooManyRequests, ErrorCodes.RateLimited);
    }

    /// <summary>A key, a call that it signs, and the same signed by a stranger. Repeating the call repeats its very bytes.</summary>
    private static async Task<(SecretKey Key, Func<Task<Answer>> Call, Func<Task<Answer>> Forged)> PrepareAsync(string kind, TestGateway gateway, SecretKey stranger)
    {
        switch (kind)
        {
            case "create group":
                {
                    var group = TestGroup.Make(gateway);
                    var other = StatementSigner.Sign(group.Manifest.Value, stranger);
                    return (group.Creator, () => group.PostAsync(), () => gateway.PostAsync(
                        "/api/v1/keygen", new KeygenRequestJson(SignedJson.Of(other.Statement), group.Terms, group.SessionSecrets), ProtocolJson.Default.KeygenRequestJson));
                }
            case "join":
                {
                    var group = TestGroup.Make(gateway);
                    await group.CreateAsync();
                    var other = group.Register(0, admission: stranger);
                    return (group.Admissions[0], () => group.JoinAsync(0), () => group.JoinAsync(0, other));
                }
            case "request":
                {
                    var group = await TestGroup.FormAsync(gateway, approvals: [true, true]);
                    var (own, other) = (new TestSigning(group), new TestSigning(group, key: stranger));
                    return (group.Auths[0], () => own.PostAsync(), () => other.PostAsync());
                }
            case "vote":
                {
                    var signing = await WaitingAsync(gateway);
                    var (own, other) = (signing.Decide(1), signing.Decide(1, key: stranger));
                    return (signing.Group.Auths[1], () => gateway.PostAsync(signing.Path + "/approvals", own.Statement), () => gateway.PostAsync(signing.Path + "/approvals", other.Statement));
                }
            case "cancel":
                {
                    var signing = await WaitingAsync(gateway);
                    var (own, other) = (Cancelling(signing, signing.Key), Cancelling(signing, stranger));
                    return (signing.Key, own, other);
                }
            case "round":
                {
                    var signing = await AtHomeAsync(gateway);
                    var home = new TestHome(signing, 0);
                    var (own, other) = (home.Open(1), home.Sign(KeyMeld.Protocol.Sessions.Purposes.Round1, 1, null, key: stranger));
                    return (home.Key, () => home.PostAsync(own), () => home.PostAsync(other));
                }
            case "erase group":
                {
                    var group = TestGroup.Make(gateway);
                    await group.CreateAsync();
                    return (group.Creator, Erasing(group, null, group.Creator), Erasing(group, null, stranger));
                }
            case "erase member":
                {
                    var group = await TestGroup.FormAsync(gateway);
                    var user = group.Manifest.Value.Participants[1].User;
                    return (group.Auths[1], Erasing(group, user, group.Auths[1]), Erasing(group, user, stranger));
                }
            case "add key":
                {
                    var key = new TestKey(gateway);
                    var other = StatementSigner.Sign(key.Values, stranger);
                    return (key.Auth, () => key.PostAsync(), () => key.PostAsync(statement: other));
                }
            default:
                {
                    var key = new TestKey(gateway);
                    await key.AddAsync();
                    var (own, other) = (key.Erasure(), key.Erasure(stranger));
                    return (key.Auth, () => key.EraseAsync(own), () => key.EraseAsync(other));
                }
        }
    }

    private static async Task<TestSigning> WaitingAsync(TestGateway gateway)
    {
        var signing = new TestSigning(await TestGroup.FormAsync(gateway, members: 3, approvals: [true, true, true]));
        Assert.Equal("waiting", (await signing.SignAsync(prefer: null)).State);
        return signing;
    }

    // Two members at home: the rounds wait for the other one.
    private static async Task<TestSigning> AtHomeAsync(TestGateway gateway)
    {
        var group = TestGroup.Make(gateway, 3, manifest => manifest with { Participants = [.. manifest.Participants.Select((participant, place) => place < 2 ? participant with { Enclave = null } : participant)] });
        await group.CreateAsync();
        await group.JoinAtHomeAsync(0);
        await group.JoinAtHomeAsync(1);
        Assert.Equal("formed", (await group.JoinAsync(2, prefer: "wait=30")).Read(ProtocolJson.Default.StateJson).State);
        var signing = new TestSigning(group, by: 2);
        Assert.Equal("running", (await signing.SignAsync(prefer: null)).State);
        return signing;
    }

    private static Func<Task<Answer>> Cancelling(TestSigning signing, SecretKey signer)
    {
        var cancel = StatementSigner.Sign(new Cancel { Request = signing.Digest, Created = 1 }, signer);
        return () => signing.Group.Gateway.PostAsync(signing.Path + "/cancel", cancel.Statement);
    }

    private static Func<Task<Answer>> Erasing(TestGroup group, Id16? user, SecretKey signer)
    {
        var erase = StatementSigner.Sign(new Erase { Manifest = group.Hash, User = user, Created = 1 }, signer);
        return () => group.Gateway.PostAsync(group.Path + "/erase", erase.Statement);
    }
}
