using System.Security.Cryptography;
using KeyMeld.Client;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Tests.Client.Support;

namespace KeyMeld.Tests.Client.Signing;

public sealed class SigningTests : IDisposable
{
    private static readonly JoinOptions Silent = new() { Approval = false, AcceptUnattended = true };
    private static readonly byte[] Payment = "pay ten to Carol"u8.ToArray();
    private readonly ClientWorld _world = new();

    private static CancellationToken Cancel => ClientWorld.Cancel;

    public void Dispose() => _world.Dispose();

    [Fact]
    public async Task Two_of_two_request_review_approve_and_both_hold_the_same_signature()
    {
        var (alice, bob) = await _world.FormAsync();
        var reference = await _world.Alice.Signings.RequestAsync(alice, [SigningContent.FromBytes(Payment)], cancellationToken: Cancel);
        Assert.Equal(SigningState.Waiting, (await _world.Alice.Signings.StatusAsync(reference, Cancel)).State);

        var review = await _world.Bob.Signings.ReviewAsync(SigningReference.Parse(reference.ToString()), Cancel);
        Assert.Equal(0, review.RequestedBy);
        Assert.Equal([0, 1], review.Signers);
        Assert.Equal([1], review.AwaitedSigners);
        Assert.Equal((1, "two of two"), (review.AwaitedVotes, review.Group.Label));
        Assert.Equal(TimeSpan.FromMinutes(10), review.Expires - review.Created);
        var item = Assert.Single(review.Items);
        Assert.Equal(Payment, Assert.IsType<ItemContent.Shown>(item.Content).Data.ToArray());
        Assert.Equal(bob.OutputKey, item.OutputKey);

        var outcome = await _world.Bob.Signings.ApproveAsync(review, cancellationToken: Cancel);
        Assert.True(outcome.IsSigned);
        var hers = await _world.Alice.Signings.WaitAsync(reference, cancellationToken: Cancel);
        Assert.Equal(outcome.Signatures, hers.Signatures);
        Assert.True(SignatureVerification.VerifyContent(alice.OutputKey, new MemoryStream(Payment), hers.Signatures[0]));
        var known = Assert.Single(_world.Alice.Signings.List());
        Assert.Equal((reference, true, SigningState.Completed), (known.Reference, known.Requested, known.State));
        Assert.True(Assert.Single(_world.Bob.Signings.List()).Decision);
    }

    [Fact]
    public async Task An_unattended_group_signs_in_one_post()
    {
        var (alice, _) = await _world.FormAsync(ClientWorld.TwoOfTwo with { Unattended = true }, Silent);
        _world.Gateway.Calls.Clear();
        var outcome = await _world.Alice.Signings.SignAsync(alice, [SigningContent.FromBytes(Payment, "a"), SigningContent.FromHash(new byte[32])], cancellationToken: Cancel);
        Assert.True(outcome.IsSigned);
        var post = Assert.Single(_world.Gateway.Posts);
        Assert.Equal(("/api/v1/signing", "wait=30"), (post.Target, post.Prefer));
        Assert.All(_world.Gateway.Calls.Except([post]), call => Assert.Contains("/identity?nonce=", call.Target, StringComparison.Ordinal));
        Assert.Equal(["a", null], Assert.Single(_world.Alice.Signings.List()).Names);
    }

    [Fact]
    public async Task Prepared_requests_verify_the_enclaves_once_and_post_when_submitted()
    {
        var (alice, _) = await _world.FormAsync(ClientWorld.TwoOfTwo with { Unattended = true }, Silent);
        _world.Gateway.Calls.Clear();
        var batches = Enumerable.Range(0, 3).Select(i => (IReadOnlyList<SigningContent>)[SigningContent.FromBytes(new[] { (byte)i })]).ToList();
        var prepared = await _world.Alice.Signings.PrepareManyAsync(alice, batches, cancellationToken: Cancel);
        Assert.Equal(2, _world.Gateway.Calls.Count);
        foreach (var request in prepared)
        {
            Assert.True((await _world.Alice.Signings.SubmitAsync(request, cancellationToken: Cancel)).IsSigned);
        }
        Assert.Equal(5, _world.Gateway.Calls.Count);
    }

    [Fact]
    public async Task A_lost_answer_to_a_request_is_followed_by_the_same_bytes_also_from_another_process()
    {
        var (alice, _) = await _world.FormAsync(ClientWorld.TwoOfTwo with { Unattended = true }, Silent);
        var prepared = await _world.Alice.Signings.PrepareAsync(alice, [SigningContent.FromBytes(Payment)], cancellationToken: Cancel);
        _world.Gateway.Intercept = _ => throw new HttpRequestException("connection lost");
        await Refused.WithAsync(ErrorCodes.GatewayUnreachable, () => _world.Alice.Signings.SubmitAsync(prepared, cancellationToken: Cancel));
        _world.Gateway.BeHonest();
        var resumed = _world.Person("alice").Signings.Resume(prepared.Reference.Request);
        var first = await _world.Alice.Signings.SubmitAsync(resumed, cancellationToken: Cancel);
        var second = await _world.Alice.Signings.SubmitAsync(prepared, cancellationToken: Cancel);
        Assert.Equal(first.Signatures, second.Signatures);
        Assert.Single(_world.Gateway.Signings);
        Refused.With(ErrorCodes.NotFound, () => { _world.Alice.Signings.Resume(prepared.Reference.Request); });
    }

    [Fact]
    public async Task Subsets_and_own_tweaks_sign_under_their_own_keys()
    {
        var subset = Id16.Random();
        var (alice, bob) = await _world.FormAsync(ClientWorld.TwoOfTwo with { Unattended = true, Subsets = [new PlannedSubset([0, 1]) { Id = subset, Tweaks = TweakChain.Empty }] }, Silent);
        var outcome = await _world.Bob.Signings.SignAsync(
            bob,
            [
                SigningContent.FromBytes(Payment),
                SigningContent.FromBytes(Payment) with { Subset = subset },
                SigningContent.FromBytes(Payment) with { Tweaks = TweakChain.Empty },
            ],
            cancellationToken: Cancel);
        var keys = outcome.Items!.Cast<SignedItem.Signed>().Select(item => item.OutputKey).ToList();
        Assert.Equal([alice.OutputKey, alice.OutputKeyOf(subset)], keys.Take(2));
        Assert.Equal(keys[1], keys[2]);
        Assert.All(outcome.Items!.Cast<SignedItem.Signed>(), item => Assert.True(SignatureVerification.Verify(item.OutputKey, SHA256.HashData(Payment), item.Signature)));
        await Refused.WithAsync(ErrorCodes.RequestInvalid, () => _world.Bob.Signings.PrepareAsync(bob, [SigningContent.FromBytes(Payment) with { Subset = Id16.Random() }], cancellationToken: Cancel));
        var raw = SigningContent.FromBytes(Payment) with { Tweaks = new TweakChain([new Tweak.XOnly(Hash32.Sha256("x"u8))]) };
        await Refused.WithAsync(ErrorCodes.Unsupported, () => _world.Bob.Signings.PrepareAsync(bob, [raw], cancellationToken: Cancel));
    }

    [Fact]
    public async Task P10_an_item_with_raw_tweaks_is_approved_only_by_explicit_choice()
    {
        var (alice, _) = await _world.FormAsync();
        var raw = SigningContent.FromBytes(Payment) with { Tweaks = new TweakChain([new Tweak.XOnly(Hash32.Sha256("x"u8))]) };
        var reference = await _world.Alice.Signings.RequestAsync(alice, [raw], new RequestOptions { AllowRawTweaks = true }, Cancel);
        var review = await _world.Bob.Signings.ReviewAsync(reference, Cancel);
        await Refused.WithAsync(ErrorCodes.Unsupported, () => _world.Bob.Signings.ApproveAsync(review, cancellationToken: Cancel));
        Assert.True((await _world.Bob.Signings.ApproveAsync(review, new ApproveOptions { AcceptRawTweaks = true }, Cancel)).IsSigned);
    }

    [Fact]
    public async Task The_creator_requests_only_where_the_manifest_says_so()
    {
        var (alice, _) = await _world.FormAsync(ClientWorld.TwoOfTwo with { CreatorRequests = true });
        var asCreator = new RequestOptions { AsCreator = true };
        var reference = await _world.Alice.Signings.RequestAsync(alice, [SigningContent.FromBytes(Payment)], asCreator, Cancel);
        var review = await _world.Bob.Signings.ReviewAsync(reference, Cancel);
        Assert.Null(review.RequestedBy);
        Assert.Equal([0, 1], review.AwaitedSigners);
        await _world.Alice.Signings.CancelAsync(reference, Cancel);
        var (other, _) = await _world.FormAsync();
        await Refused.WithAsync(ErrorCodes.RequestInvalid, () => _world.Alice.Signings.RequestAsync(other, [SigningContent.FromBytes(Payment)], asCreator, Cancel));
    }

    [Fact]
    public async Task A_rejection_ends_the_signing_and_cannot_be_followed_by_an_approval()
    {
        var (alice, _) = await _world.FormAsync();
        var reference = await _world.Alice.Signings.RequestAsync(alice, [SigningContent.FromBytes(Payment)], cancellationToken: Cancel);
        var review = await _world.Bob.Signings.ReviewAsync(reference, Cancel);
        Assert.Equal(SigningState.Rejected, (await _world.Bob.Signings.RejectAsync(reference, Cancel)).State);
        await Refused.WithAsync(ErrorCodes.Rejected, () => _world.Bob.Signings.ApproveAsync(review, cancellationToken: Cancel));
        var outcome = await _world.Alice.Signings.WaitAsync(reference, cancellationToken: Cancel);
        Assert.Equal(ErrorCodes.Rejected, Assert.Throws<KeyMeldException>(() => outcome.Signatures).Code);
        Assert.False(Assert.Single(_world.Bob.Signings.List()).Decision);
        Assert.False(Assert.Single((await _world.Alice.Signings.ReviewAsync(reference, Cancel)).Decisions).Approved);
    }

    [Fact]
    public async Task Only_the_requester_cancels()
    {
        var (alice, _) = await _world.FormAsync();
        var reference = await _world.Alice.Signings.RequestAsync(alice, [SigningContent.FromBytes(Payment)], cancellationToken: Cancel);
        await Refused.WithAsync(ErrorCodes.NotFound, () => _world.Bob.Signings.CancelAsync(reference, Cancel));
        Assert.Equal(SigningState.Cancelled, (await _world.Alice.Signings.CancelAsync(reference, Cancel)).State);
    }

    [Fact]
    public async Task An_approval_whose_answer_was_lost_is_posted_again_byte_for_byte()
    {
        var (alice, _) = await _world.FormAsync();
        var reference = await _world.Alice.Signings.RequestAsync(alice, [SigningContent.FromBytes(Payment)], cancellationToken: Cancel);
        var review = await _world.Bob.Signings.ReviewAsync(reference, Cancel);
        _world.Gateway.Intercept = call => call.Method == "POST" ? throw new HttpRequestException("connection lost") : null;
        await Refused.WithAsync(ErrorCodes.GatewayUnreachable, () => _world.Bob.Signings.ApproveAsync(review, cancellationToken: Cancel));
        _world.Gateway.BeHonest();
        _world.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.True((await _world.Bob.Signings.ApproveAsync(review, cancellationToken: Cancel)).IsSigned);
        Assert.Single(_world.Gateway.Posts.Where(call => call.Target.EndsWith("/approvals", StringComparison.Ordinal)).Select(call => Convert.ToHexString(call.Body)).Distinct());
    }

    [Fact]
    public async Task G22_a_request_out_of_its_time_is_not_approved()
    {
        var (alice, _) = await _world.FormAsync();
        var reference = await _world.Alice.Signings.RequestAsync(alice, [SigningContent.FromBytes(Payment)], cancellationToken: Cancel);
        var review = await _world.Bob.Signings.ReviewAsync(reference, Cancel);
        var posts = _world.Gateway.Posts.Count();
        _world.Clock.Advance(TimeSpan.FromMinutes(11));
        await Refused.WithAsync(ErrorCodes.Expired, () => _world.Bob.Signings.ApproveAsync(review, cancellationToken: Cancel));
        _world.Clock.SetUtcNow(_world.Clock.GetUtcNow().AddHours(1));
        var future = await _world.Alice.Signings.RequestAsync(alice, [SigningContent.FromBytes(Payment)], cancellationToken: Cancel);
        var early = await _world.Bob.Signings.ReviewAsync(future, Cancel);
        _world.Clock.AdjustTime(_world.Clock.GetUtcNow().AddMinutes(-3));
        await Refused.WithAsync(ErrorCodes.NotYetValid, () => _world.Bob.Signings.ApproveAsync(early, cancellationToken: Cancel));
        Assert.Equal(posts + 1, _world.Gateway.Posts.Count());
    }

    [Fact]
    public async Task P07_after_sign_until_nothing_is_requested_or_approved()
    {
        var (alice, _) = await _world.FormAsync(ClientWorld.TwoOfTwo with { SignUntil = _world.Clock.GetUtcNow().AddMinutes(5) });
        var reference = await _world.Alice.Signings.RequestAsync(alice, [SigningContent.FromBytes(Payment)], cancellationToken: Cancel);
        var review = await _world.Bob.Signings.ReviewAsync(reference, Cancel);
        _world.Clock.Advance(TimeSpan.FromMinutes(6));
        await Refused.WithAsync(ErrorCodes.SigningClosed, () => _world.Bob.Signings.ApproveAsync(review, cancellationToken: Cancel));
        await Refused.WithAsync(ErrorCodes.SigningClosed, () => _world.Alice.Signings.RequestAsync(alice, [SigningContent.FromBytes(Payment)], cancellationToken: Cancel));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(25 * 60)]
    public async Task A_request_lives_more_than_nothing_and_at_most_a_day(int minutes)
    {
        var (alice, _) = await _world.FormAsync();
        await Refused.WithAsync(
            ErrorCodes.RequestInvalid,
            () => _world.Alice.Signings.RequestAsync(alice, [SigningContent.FromBytes(Payment)], new RequestOptions { Lifetime = TimeSpan.FromMinutes(minutes) }, Cancel));
    }

    [Fact]
    public async Task A_request_without_items_or_with_too_many_is_refused()
    {
        var (alice, _) = await _world.FormAsync();
        await Refused.WithAsync(ErrorCodes.LimitExceeded, () => _world.Alice.Signings.RequestAsync(alice, [], cancellationToken: Cancel));
        var many = Enumerable.Repeat(SigningContent.FromHash(new byte[32]), 10_001).ToList();
        await Refused.WithAsync(ErrorCodes.LimitExceeded, () => _world.Alice.Signings.RequestAsync(alice, many, cancellationToken: Cancel));
        Assert.Empty(_world.Alice.Signings.List());
    }

    [Fact]
    public async Task Content_up_to_64_kibibytes_is_shown_and_larger_content_is_matched_by_the_approvers_copy()
    {
        using var folder = new TemporaryFolder();
        var (small, large) = (Path.Combine(folder.Path, "small"), Path.Combine(folder.Path, "large"));
        File.WriteAllBytes(small, new byte[64 * 1024]);
        var bytes = Enumerable.Range(0, 300_000).Select(i => (byte)(i % 256)).ToArray();
        File.WriteAllBytes(large, bytes);
        var (alice, _) = await _world.FormAsync();
        var contents = new[] { SigningContent.FromFile(small), SigningContent.FromFile(large) };
        Assert.Equal(Hash32.Sha256(bytes), contents[1].Message);
        var reference = await _world.Alice.Signings.RequestAsync(alice, contents, cancellationToken: Cancel);
        var review = await _world.Bob.Signings.ReviewAsync(reference, Cancel);
        Assert.IsType<ItemContent.Shown>(review.Items[0].Content);
        Assert.IsType<ItemContent.Opaque>(review.Items[1].Content);
        Assert.False(review.IsShown);
        await Refused.WithAsync(ErrorCodes.OpaqueMessage, () => _world.Bob.Signings.ApproveAsync(review, cancellationToken: Cancel));
        await Refused.WithAsync(ErrorCodes.ContextMismatch, () => _world.Bob.Signings.ApproveAsync(review, [new MemoryStream(bytes[1..])], cancellationToken: Cancel));
        using var copy = File.OpenRead(large);
        Assert.True((await _world.Bob.Signings.ApproveAsync(review, [copy], cancellationToken: Cancel)).IsSigned);
        Assert.Equal(bytes.Length, Assert.IsType<ItemContent.Matched>(review.Items[1].Content).Length);
    }

    [Fact]
    public void A_content_file_that_cannot_be_read_is_refused() => Refused.With(ErrorCodes.BadRequest, () => { SigningContent.FromFile("/nowhere/at/all"); });

    [Fact]
    public async Task A_bare_hash_is_approved_only_by_the_explicit_call()
    {
        var (alice, _) = await _world.FormAsync();
        var reference = await _world.Alice.Signings.RequestAsync(alice, [SigningContent.FromHash(SHA256.HashData(Payment))], cancellationToken: Cancel);
        var review = await _world.Bob.Signings.ReviewAsync(reference, Cancel);
        await Refused.WithAsync(ErrorCodes.OpaqueMessage, () => _world.Bob.Signings.ApproveAsync(review, cancellationToken: Cancel));
        Assert.True((await _world.Bob.Signings.ApproveOpaqueAsync(review, cancellationToken: Cancel)).IsSigned);
    }

    [Fact]
    public async Task Waiting_for_a_signing_ends_at_its_timeout_and_sees_it_end_before()
    {
        var (alice, _) = await _world.FormAsync();
        var reference = await _world.Alice.Signings.RequestAsync(alice, [SigningContent.FromBytes(Payment)], cancellationToken: Cancel);
        await Refused.WithAsync(ErrorCodes.StillPending, () => _world.Alice.Signings.WaitAsync(reference, TimeSpan.FromSeconds(40), Cancel));
        var review = await _world.Bob.Signings.ReviewAsync(reference, Cancel);
        _world.Gateway.OnWait = () =>
        {
            _world.Gateway.OnWait = null;
            _world.Gateway.Run(_world.Gateway.Signings[reference.Request]);
        };
        Assert.True((await _world.Alice.Signings.WaitAsync(reference, TimeSpan.FromSeconds(40), Cancel)).IsSigned);
        Assert.NotNull(review);
    }

    [Fact]
    public async Task A_group_loaded_with_another_profile_is_refused()
    {
        var (alice, _) = await _world.FormAsync();
        await Refused.WithAsync(ErrorCodes.BadRequest, () => _world.Bob.Signings.PrepareAsync(alice, [SigningContent.FromBytes(Payment)], cancellationToken: Cancel));
    }

    [Theory]
    [InlineData("keymeldsign1.")]
    [InlineData("keymeld1.AAAA")]
    [InlineData("keymeldsign1.AAAA")]
    [InlineData("")]
    [InlineData(null)]
    public void A_damaged_signing_reference_is_refused(string? text) => Assert.False(SigningReference.TryParse(text, out _));

    [Fact]
    public async Task A_signing_of_another_group_or_gateway_or_nobody_is_not_found()
    {
        var (alice, _) = await _world.FormAsync();
        await Refused.WithAsync(ErrorCodes.NotFound, () => _world.Alice.Signings.ReviewAsync(new SigningReference(alice.Gateway, alice.Id, alice.RosterHash), Cancel));
        await Refused.WithAsync(ErrorCodes.NotFound, () => _world.Alice.Signings.ReviewAsync(new SigningReference(alice.Gateway, alice.RosterHash, alice.Id), Cancel));
        await Refused.WithAsync(ErrorCodes.BadRequest, () => _world.Alice.Signings.ReviewAsync(new SigningReference(new Uri("https://elsewhere.example"), alice.Id, alice.Id), Cancel));
    }
}
