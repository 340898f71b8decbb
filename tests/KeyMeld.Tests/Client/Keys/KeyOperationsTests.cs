using System.Security.Cryptography;
using KeyMeld.Client;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Client.Support;

namespace KeyMeld.Tests.Client.Keys;

public sealed class KeyOperationsTests : IDisposable
{
    private static readonly byte[] Message = SHA256.HashData("message"u8);
    private readonly ClientWorld _world = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private KeyOperations Keys => _world.Alice.Keys;

    public void Dispose() => _world.Dispose();

    [Fact]
    public async Task An_imported_key_signs_every_way_and_its_secret_is_not_kept()
    {
        using var secret = SecretKey.Generate();
        var key = await Keys.ImportAsync(secret, new NewKeyOptions { Label = "savings", Enclave = 1 }, Cancel);
        Assert.Equal((secret.PublicKey, KeySource.Imported, 1, "savings"), (key.PublicKey, key.Source, key.Enclave.Number, key.Label));
        await SignsAsync(key);
        var kept = File.ReadAllBytes(Path.Combine(_world.Alice.Profile.Folder, "secrets"));
        var bytes = new byte[32];
        secret.Export(bytes);
        Assert.True(kept.AsSpan().IndexOf(bytes) < 0);
    }

    [Fact]
    public async Task A_made_key_signs_every_way_and_has_an_address()
    {
        var key = await Keys.MakeAsync(cancellationToken: Cancel);
        Assert.Equal((KeySource.Made, 0), (key.Source, key.Enclave.Number));
        Assert.Equal(TaprootAddress.Encode(key.OutputKey(new SingleTweak.Bip86()), BitcoinNetwork.Regtest), key.Address(BitcoinNetwork.Regtest));
        await SignsAsync(key);
    }

    [Fact]
    public async Task Another_process_of_the_same_person_knows_the_key_and_signs_with_it()
    {
        var key = await Keys.MakeAsync(new NewKeyOptions { Label = "both" }, Cancel);
        var again = _world.Person("alice");
        var found = again.Keys.Find("both");
        Assert.Equal((key.Id, OwnedKeyState.Ready, key.PublicKey), (found.Id, found.State, found.PublicKey));
        Assert.Equal(found, again.Keys.Find(key.Id.ToString()[..8]));
        await again.Keys.SignBip340Async(again.Keys.Load(key.Id), Message, cancellationToken: Cancel);
        Assert.Equal(key.Id, Assert.Single(await again.Keys.ListAsync(Cancel)).Id);
        await Refused.WithAsync(ErrorCodes.NotFound, () => Task.FromResult(_world.Bob.Keys.Find("both")));
    }

    [Fact]
    public async Task Keys_of_one_person_share_nothing_that_the_gateway_sees()
    {
        var (first, second) = (await Keys.MakeAsync(cancellationToken: Cancel), await Keys.MakeAsync(cancellationToken: Cancel));
        var seen = _world.Gateway.Keys.Values.Select(key => key.Statement.Value).ToList();
        Assert.Equal(2, seen.Select(key => key.Auth).Distinct().Count());
        Assert.Equal(2, seen.Select(key => key.User).Distinct().Count());
        Assert.NotEqual(first.PublicKey, second.PublicKey);
        Assert.Equal([first.Id, second.Id], (await Keys.ListAsync(Cancel)).Select(key => key.Id).Order(Comparer<Hash32>.Create((a, b) => a == first.Id ? -1 : 1)));
    }

    [Fact]
    public async Task A_lost_answer_is_asked_for_again_and_the_made_key_is_the_same()
    {
        _world.Gateway.Tamper<KeyCreatedJson>(_ => throw new HttpRequestException("lost"));
        await Refused.WithAsync(ErrorCodes.GatewayUnreachable, () => Keys.MakeAsync(new NewKeyOptions { Label = "lost" }, Cancel));
        _world.Gateway.BeHonest();
        var pending = Keys.Find("lost");
        Assert.Equal((OwnedKeyState.Pending, null), (pending.State, pending.PublicKey));
        await Refused.WithAsync(ErrorCodes.StillPending, () => Task.FromResult(Keys.Load(pending.Id)));
        var key = await Keys.ResumeAsync(pending.Id, Cancel);
        Assert.Single(_world.Gateway.Keys);
        Assert.Equal(key.PublicKey, (await Keys.ResumeAsync(pending.Id, Cancel)).PublicKey);
        await SignsAsync(key);
    }

    [Fact]
    public async Task A_key_that_is_refused_for_good_leaves_nothing_behind()
    {
        _world.Gateway.Intercept = call => call.Target == "/api/v1/keys" ? FakeGateway.Problem(ErrorCodes.EpochRetired) : null;
        await Refused.WithAsync(ErrorCodes.EpochRetired, () => Keys.MakeAsync(cancellationToken: Cancel));
        _world.Gateway.BeHonest();
        Assert.Empty(Keys.List());
        Assert.Empty(_world.Alice.Profile.SecretsNamed(""));
        await Keys.MakeAsync(cancellationToken: Cancel);
    }

    [Fact]
    public async Task An_erased_key_is_gone_here_and_there()
    {
        var key = await Keys.MakeAsync(cancellationToken: Cancel);
        await Keys.EraseAsync(key.Id, Cancel);
        await Keys.EraseAsync(key.Id, Cancel);
        Assert.Equal(OwnedKeyState.Erased, Assert.Single(Keys.List()).State);
        Assert.Empty(await Keys.ListAsync(Cancel));
        Assert.Empty(_world.Alice.Profile.SecretsNamed(""));
        await Refused.WithAsync(ErrorCodes.Erased, () => Task.FromResult(Keys.Load(key.Id)));
        await Refused.WithAsync(ErrorCodes.NotFound, () => Keys.SignBip340Async(key, Message, cancellationToken: Cancel));
    }

    [Fact]
    public async Task A_pending_key_that_the_gateway_never_had_can_be_given_up()
    {
        _world.Gateway.Intercept = call => call.Target == "/api/v1/keys" ? FakeGateway.Problem(ErrorCodes.Unavailable) : null;
        await Refused.WithAsync(ErrorCodes.Unavailable, () => Keys.MakeAsync(new NewKeyOptions { Label = "never" }, Cancel));
        _world.Gateway.BeHonest();
        await Keys.EraseAsync(Keys.Find("never").Id, Cancel);
        Assert.Empty(_world.Alice.Profile.SecretsNamed(""));
    }

    [Fact]
    public async Task A_request_submitted_again_is_signed_again_until_it_expires()
    {
        var key = await Keys.MakeAsync(cancellationToken: Cancel);
        using var prepared = await Keys.PrepareAsync(key, Message, SingleSignAlgorithm.Ecdsa, lifetime: TimeSpan.FromMinutes(1), cancellationToken: Cancel);
        var first = await Keys.SubmitAsync(prepared, cancellationToken: Cancel);
        Assert.Equal(first.ToArray(), (await Keys.SubmitAsync(prepared, cancellationToken: Cancel)).ToArray());
        _world.Clock.Advance(TimeSpan.FromMinutes(2));
        await Refused.WithAsync(ErrorCodes.Expired, () => Keys.SubmitAsync(prepared, cancellationToken: Cancel));
    }

    [Fact]
    public async Task What_contradicts_itself_is_refused_here()
    {
        var key = await Keys.MakeAsync(cancellationToken: Cancel);
        var posts = _world.Gateway.Posts.Count();
        await Refused.WithAsync(ErrorCodes.RequestInvalid, () => Keys.PrepareAsync(key, Message, SingleSignAlgorithm.Ecdsa, new SingleTweak.Bip86(), cancellationToken: Cancel));
        await Assert.ThrowsAnyAsync<ArgumentException>(() => Keys.SignBip340Async(key, new byte[31], cancellationToken: Cancel));
        await Refused.WithAsync(ErrorCodes.NotFound, () => Keys.ResumeAsync(Hash32.Sha256([1]), Cancel));
        Assert.Equal(posts, _world.Gateway.Posts.Count());
    }

    private async Task SignsAsync(OwnedKey key)
    {
        foreach (var tweak in (SingleTweak[])[new SingleTweak.None(), new SingleTweak.Bip86(), new SingleTweak.Root(Hash32.Sha256("scripts"u8))])
        {
            var signature = await Keys.SignBip340Async(key, Message, tweak, cancellationToken: Cancel);
            Assert.True(key.OutputKey(tweak).Verify(Message, signature));
        }
        var ecdsa = await Keys.SignEcdsaAsync(key, Message, cancellationToken: Cancel);
        Assert.True(key.PublicKey.VerifyEcdsa(Message, ecdsa));
    }
}
