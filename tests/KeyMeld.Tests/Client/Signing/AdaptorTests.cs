using KeyMeld.Client;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Client.Support;

namespace KeyMeld.Tests.Client.Signing;

public sealed class AdaptorTests : IDisposable
{
    private static readonly byte[] Payment = "one coin to Bob"u8.ToArray();
    private readonly ClientWorld _world = new();
    private readonly SecretKey[] _secrets = [.. Enumerable.Range(0, 3).Select(_ => SecretKey.Generate())];

    private static CancellationToken Cancel => ClientWorld.Cancel;

    private PublicKey[] Points => [.. _secrets.Select(secret => secret.PublicKey)];

    public void Dispose()
    {
        Array.ForEach(_secrets, secret => secret.Dispose());
        _world.Dispose();
    }

    [Fact]
    public async Task A_pre_signature_is_asked_for_reviewed_verified_completed_and_gives_the_secret_away()
    {
        var (alice, bob) = await _world.FormAsync();
        var reference = await _world.Alice.Signings.RequestAsync(alice, [SigningContent.FromBytes(Payment) with { Adaptor = Adaptor.Of(Points[0]) }, SigningContent.FromBytes("plain"u8.ToArray())], cancellationToken: Cancel);
        var review = await _world.Bob.Signings.ReviewAsync(reference, Cancel);
        Assert.True(review.IsShown);
        Assert.Equal(new ReviewAdaptor(Points[0], review.Items[0].Adaptor!.Points, AlsoSignedPlain: false), review.Items[0].Adaptor);
        Assert.Empty(review.Items[0].Adaptor!.Points);
        Assert.Null(review.Items[1].Adaptor);
        await _world.Bob.Signings.ApproveAsync(review, cancellationToken: Cancel);

        var outcome = await _world.Alice.Signings.StatusAsync(reference, Cancel);
        Assert.True(outcome.IsSigned);
        var pre = Assert.Single(outcome.PreSignatures);
        Assert.Equal((Points[0], alice.OutputKey), (pre.Point, pre.Key));
        Assert.Equal(ErrorCodes.Unsupported, Assert.Throws<KeyMeldException>(() => outcome.Signatures).Code);
        var signature = pre.Adapt(_secrets[0]);
        Assert.True(SignatureVerification.VerifyContent(bob.OutputKey, new MemoryStream(Payment), signature));
        // Bob has the same pre-signature, and learns the secret from the published signature.
        Assert.True((await _world.Bob.Signings.StatusAsync(reference, Cancel)).PreSignatures[0].TryExtract(signature, out var learnt));
        Assert.Equal(Points[0], learnt.PublicKey);
        learnt.Dispose();
    }

    [Fact]
    public async Task All_of_several_secrets_are_needed_where_their_owners_proved_them_for_this_request()
    {
        var (alice, _) = await _world.FormAsync();
        var challenge = AdaptorChallenge.Create(alice, Points);
        var other = AdaptorChallenge.Create(alice, Points[..2], sameRequest: challenge);
        // Each owner gets the line and proves its point.
        var proofs = _secrets.Select(secret => AdaptorChallenge.Parse($" {challenge}\n").Prove(secret)).Reverse().ToArray();
        SigningContent[] contents =
        [
            SigningContent.FromBytes(Payment) with { Adaptor = challenge.Complete(proofs) },
            SigningContent.FromBytes(Payment) with { Adaptor = other.Complete(_secrets[..2].Select(other.Prove)) },
        ];
        var reference = await _world.Alice.Signings.RequestAsync(alice, contents, cancellationToken: Cancel);
        var review = await _world.Bob.Signings.ReviewAsync(reference, Cancel);
        Assert.Equal(Points, review.Items[0].Adaptor!.Points);
        Assert.Equal((PublicKey.Combine(Points), challenge.Item), (review.Items[0].Adaptor!.Point, review.Items[0].Id));
        await _world.Bob.Signings.ApproveAsync(review, cancellationToken: Cancel);
        var outcome = await _world.Alice.Signings.StatusAsync(reference, Cancel);
        Assert.True(SignatureVerification.VerifyContent(alice.OutputKey, new MemoryStream(Payment), outcome.PreSignatures[0].Adapt(_secrets)));
        Assert.True(SignatureVerification.VerifyContent(alice.OutputKey, new MemoryStream(Payment), outcome.PreSignatures[1].Adapt(_secrets[..2])));
        // The request exists now: its proofs are spent.
        Assert.Equal(ErrorCodes.AdaptorInvalid, Assert.Throws<KeyMeldException>(() => AdaptorChallenge.Create(alice, Points).Complete(proofs)).Code);
    }

    [Fact]
    public async Task Any_of_several_secrets_is_an_item_each()
    {
        var (alice, _) = await _world.FormAsync();
        var reference = await _world.Alice.Signings.RequestAsync(alice, SigningContent.FromBytes(Payment).ForAnyOf(Points), cancellationToken: Cancel);
        await _world.Bob.Signings.ApproveAsync(await _world.Bob.Signings.ReviewAsync(reference, Cancel), cancellationToken: Cancel);
        var pres = (await _world.Alice.Signings.StatusAsync(reference, Cancel)).PreSignatures;
        Assert.Equal(Points, pres.Select(pre => pre.Point));
        Assert.All(pres.Zip(_secrets), pair => Assert.True(SignatureVerification.VerifyContent(alice.OutputKey, new MemoryStream(Payment), pair.First.Adapt(pair.Second))));
        Assert.Throws<ArgumentException>(() => SigningContent.FromBytes(Payment).ForAnyOf());
        Assert.Throws<ArgumentException>(() => SigningContent.FromBytes(Payment).ForAnyOf(Points[0], Points[0]));
    }

    [Fact]
    public async Task A_message_that_is_signed_plain_as_well_is_pointed_out_to_requester_and_approver()
    {
        var (alice, _) = await _world.FormAsync();
        var adapted = SigningContent.FromBytes(Payment) with { Adaptor = Adaptor.Of(Points[0]) };
        var request = await _world.Alice.Signings.PrepareAsync(alice, [SigningContent.FromBytes("other"u8.ToArray()) with { Adaptor = Adaptor.Of(Points[1]) }, adapted, SigningContent.FromBytes(Payment)], cancellationToken: Cancel);
        Assert.Equal([1], request.AlsoSignedPlain);
        await _world.Alice.Signings.SubmitAsync(request, TimeSpan.Zero, Cancel);
        var review = await _world.Bob.Signings.ReviewAsync(request.Reference, Cancel);
        Assert.Equal([false, true, null], review.Items.Select(item => item.Adaptor?.AlsoSignedPlain));
        Assert.Empty((await _world.Alice.Signings.PrepareAsync(alice, [adapted], cancellationToken: Cancel)).AlsoSignedPlain);
    }

    [Fact]
    public async Task Points_that_cannot_stand_together_and_proofs_that_do_not_fit_are_refused_by_name()
    {
        var (alice, _) = await _world.FormAsync();
        var challenge = AdaptorChallenge.Create(alice, Points);
        var negative = PublicKey.Parse((byte[])[(byte)(Points[0].Bytes[0] ^ 1), .. Points[0].Bytes[1..]]);
        IReadOnlyList<PublicKey>[] bad = [[], [Points[0]], [Points[0], Points[0]], [Points[0], Points[1], negative], [.. Enumerable.Range(0, 17).Select(_ => SecretKey.Generate().PublicKey)]];
        Assert.All(bad, points => Invalid(() => AdaptorChallenge.Create(alice, points)));
        var proofs = _secrets.Select(challenge.Prove).ToArray();
        Invalid(() => challenge.Complete(proofs[..2]));
        Invalid(() => challenge.Complete([.. proofs[..2], proofs[0]]));
        Invalid(() => challenge.Complete([.. proofs, _secrets[0].SignSchnorr(new byte[32])]));
        Invalid(() => AdaptorChallenge.Create(alice, Points).Complete(proofs));
        using var stranger = SecretKey.Generate();
        Assert.Equal(ErrorCodes.AdaptorMismatch, Assert.Throws<KeyMeldException>(() => challenge.Prove(stranger)).Code);

        var line = challenge.ToString();
        Assert.All<string>(["", "keymeldpoints1.", line[1..], line[..^4], line + "AAAA", line.Replace("points1", "points2", StringComparison.Ordinal), line[..^1] + "!"], text => Invalid(() => AdaptorChallenge.Parse(text)));
        Assert.Equal(line, AdaptorChallenge.Parse(line).ToString());
    }

    [Fact]
    public async Task Proofs_of_another_group_or_request_or_used_twice_make_no_request()
    {
        var (alice, _) = await _world.FormAsync();
        var (second, _) = await _world.FormAsync();
        var first = Proven(alice);
        await RefusedAsync([SigningContent.FromBytes(Payment) with { Adaptor = Proven(second) }]);
        await RefusedAsync([SigningContent.FromBytes(Payment) with { Adaptor = first }, SigningContent.FromBytes(Payment) with { Adaptor = Proven(alice) }]);
        await RefusedAsync([SigningContent.FromBytes(Payment) with { Adaptor = first }, SigningContent.FromBytes("other"u8.ToArray()) with { Adaptor = first }]);
        Invalid(() => AdaptorChallenge.Create(alice, Points, AdaptorChallenge.Create(second, Points)));
        await _world.Alice.Signings.PrepareAsync(alice, [SigningContent.FromBytes(Payment) with { Adaptor = first }], cancellationToken: Cancel);

        async Task RefusedAsync(IReadOnlyList<SigningContent> contents) =>
            await Refused.WithAsync(ErrorCodes.AdaptorInvalid, () => _world.Alice.Signings.PrepareAsync(alice, contents, cancellationToken: Cancel));
    }

    [Fact]
    public async Task P10_an_adaptor_item_with_a_raw_tweak_is_approved_only_explicitly()
    {
        var (alice, _) = await _world.FormAsync();
        var raw = new TweakChain([new Tweak.Plain(KeyMeld.Protocol.Ids.Hash32.Sha256("hidden"u8))]);
        var content = SigningContent.FromBytes(Payment) with { Adaptor = Adaptor.Of(Points[0]), Tweaks = raw };
        await Refused.WithAsync(ErrorCodes.Unsupported, () => _world.Alice.Signings.PrepareAsync(alice, [content], cancellationToken: Cancel));
        var reference = await _world.Alice.Signings.RequestAsync(alice, [content], new RequestOptions { AllowRawTweaks = true }, Cancel);
        var review = await _world.Bob.Signings.ReviewAsync(reference, Cancel);
        Assert.Equal(raw, review.Items[0].OwnTweaks);
        await Refused.WithAsync(ErrorCodes.Unsupported, () => _world.Bob.Signings.ApproveAsync(review, cancellationToken: Cancel));
        var outcome = await _world.Bob.Signings.ApproveAsync(review, new ApproveOptions { AcceptRawTweaks = true }, Cancel);
        Assert.Equal(review.Items[0].OutputKey, outcome.PreSignatures[0].Key);
    }

    private Adaptor Proven(Group group)
    {
        var challenge = AdaptorChallenge.Create(group, Points);
        return challenge.Complete(_secrets.Select(challenge.Prove));
    }

    private static void Invalid(Action call) => Assert.Equal(ErrorCodes.AdaptorInvalid, Assert.Throws<KeyMeldException>(call).Code);
}
