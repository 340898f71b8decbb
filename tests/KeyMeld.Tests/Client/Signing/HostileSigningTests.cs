using KeyMeld.Client;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Protocol.Signing;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Client.Support;

namespace KeyMeld.Tests.Client.Signing;

public sealed class HostileSigningTests : IDisposable
{
    private static readonly JoinOptions Silent = new() { Approval = false, AcceptUnattended = true };
    private static readonly byte[] Payment = "pay ten to Carol"u8.ToArray();
    private readonly ClientWorld _world = new();

    private static CancellationToken Cancel => ClientWorld.Cancel;

    public void Dispose() => _world.Dispose();

    [Fact]
    public async Task P11_content_that_does_not_hash_to_the_message_is_shown_as_such_and_never_approved()
    {
        var (alice, _) = await _world.FormAsync();
        var theft = new SigningItem { Item = Id16.Random(), Message = Hash32.Sha256("pay all to Mallory"u8), Context = ItemContexts.OfPreimage("payroll"u8.ToArray()) };
        var reference = Request(alice, [theft]);
        var review = await _world.Bob.Signings.ReviewAsync(reference, Cancel);
        Assert.Equal("payroll"u8.ToArray(), Assert.IsType<ItemContent.Mismatch>(Assert.Single(review.Items).Content).Data.ToArray());
        var posts = _world.Gateway.Posts.Count();
        await Refused.WithAsync(ErrorCodes.ContextMismatch, () => _world.Bob.Signings.ApproveAsync(review, cancellationToken: Cancel));
        await Refused.WithAsync(ErrorCodes.ContextMismatch, () => _world.Bob.Signings.ApproveOpaqueAsync(review, cancellationToken: Cancel));
        // Not even with the true content at hand: the request lies about what it is.
        Assert.Equal(0, review.Match(new MemoryStream("pay all to Mallory"u8.ToArray())));
        Assert.Equal(posts, _world.Gateway.Posts.Count());
        Assert.Equal(SigningState.Rejected, (await _world.Bob.Signings.RejectAsync(reference, Cancel)).State);
    }

    [Fact]
    public async Task P11_one_bad_item_among_good_ones_is_found_and_a_kind_of_content_not_known_is_not_approved()
    {
        var (alice, _) = await _world.FormAsync();
        var good = new SigningItem { Item = Id16.Random(), Message = Hash32.Sha256(Payment), Context = ItemContexts.OfPreimage(Payment) };
        var bad = good with { Item = Id16.Random(), Message = Hash32.Sha256("other"u8) };
        var review = await _world.Bob.Signings.ReviewAsync(Request(alice, [good, bad, good with { Item = Id16.Random() }]), Cancel);
        Assert.False(review.IsShown);
        await Refused.WithAsync(ErrorCodes.ContextMismatch, () => _world.Bob.Signings.ApproveAsync(review, cancellationToken: Cancel));
        var strange = good with { Context = new ItemContext("psbt", Payment) };
        review = await _world.Bob.Signings.ReviewAsync(Request(alice, [strange]), Cancel);
        Assert.Equal("psbt", Assert.IsType<ItemContent.Unknown>(Assert.Single(review.Items).Content).Type);
        await Refused.WithAsync(ErrorCodes.Unsupported, () => _world.Bob.Signings.ApproveOpaqueAsync(review, cancellationToken: Cancel));
    }

    [Fact]
    public async Task P04_points_of_which_one_cancels_the_others_are_refused_before_anybody_can_approve_them()
    {
        var (alice, _) = await _world.FormAsync();
        using var bob = SecretKey.Generate();
        using var mallory = SecretKey.Generate();
        // Named last: hers less Bob's, so that their sum is hers alone. She can prove to know her own secret, but not that of the point she names.
        PublicKey[] points = [bob.PublicKey, PublicKey.Combine([mallory.PublicKey, PublicKey.Parse((byte[])[(byte)(bob.PublicKey.Bytes[0] ^ 1), .. bob.PublicKey.Bytes[1..]])])];
        var (signing, id) = (Id16.Random(), Id16.Random());
        AdaptorPoint[] proven = [.. points.Select((point, i) => new AdaptorPoint(point, (i == 0 ? bob : mallory).SignSchnorr(AdaptorProof.Digest(alice.RosterHash, signing, id, i, points).Bytes)))];
        var item = new SigningItem { Item = id, Message = Hash32.Sha256(Payment), Context = ItemContexts.OfPreimage(Payment), Adaptor = PublicKey.Combine(points), Points = proven };
        Assert.Equal(mallory.PublicKey, item.Adaptor);
        using var key = _world.Alice.Profile.GetAuthorisation(_world.Alice.Profile.GroupRecords.Get(alice.Id));
        var (statement, wire) = Make(alice, [item], key, signing);
        var answer = new SigningJson(statement.Digest, "waiting", SignedJson.Of(statement.Statement), wire, [], 0);
        _world.Gateway.Intercept = _ => FakeGateway.Json(ProtocolJson.Utf8(answer, ProtocolJson.Default.SigningJson));
        await Refused.WithAsync(ErrorCodes.ItemsInvalid, () => _world.Bob.Signings.ReviewAsync(new SigningReference(alice.Gateway, alice.Id, statement.Digest), Cancel));
        _world.Gateway.BeHonest();
        var honest = await _world.Alice.Signings.RequestAsync(alice, [SigningContent.FromBytes(Payment)], cancellationToken: Cancel);
        Assert.True((await _world.Bob.Signings.ApproveAsync(await _world.Bob.Signings.ReviewAsync(honest, Cancel), cancellationToken: Cancel)).IsSigned);
    }

    [Fact]
    public async Task G11_a_wrong_pre_signature_is_refused_even_when_an_enclave_signed_the_result()
    {
        var (alice, _) = await _world.FormAsync(ClientWorld.TwoOfTwo with { Unattended = true }, Silent);
        using var secret = SecretKey.Generate();
        using var rogue = SecretKey.Generate();
        var content = SigningContent.FromBytes(Payment) with { Adaptor = Adaptor.Of(secret.PublicKey) };
        _world.Gateway.Spoil = item => new ItemResult.PreSigned(item.Item, rogue.SignSchnorr(item.Message.Bytes));
        await Refused.WithAsync(ErrorCodes.SignatureInvalid, () => _world.Alice.Signings.SignAsync(alice, [content], cancellationToken: Cancel));
        _world.Gateway.Spoil = item => new ItemResult.PreSigned(item.Item, SchnorrSignature.Parse(Enumerable.Repeat((byte)0xff, 64).ToArray()));
        await Refused.WithAsync(ErrorCodes.SignatureInvalid, () => _world.Alice.Signings.SignAsync(alice, [content], cancellationToken: Cancel));
        _world.Gateway.Spoil = item => new ItemResult.Completed(item.Item, rogue.SignSchnorr(item.Message.Bytes));
        await Refused.WithAsync(ErrorCodes.RoundBlobInvalid, () => _world.Alice.Signings.SignAsync(alice, [content], cancellationToken: Cancel));
        _world.Gateway.Spoil = null;
        var pre = (await _world.Alice.Signings.SignAsync(alice, [content], cancellationToken: Cancel)).PreSignatures[0];
        Assert.True(alice.OutputKey.Verify(pre.Message, pre.Adapt(secret)));
    }

    [Fact]
    public async Task G11_a_wrong_signature_is_refused_even_when_an_enclave_signed_the_result()
    {
        var (alice, _) = await _world.FormAsync(ClientWorld.TwoOfTwo with { Unattended = true }, Silent);
        using var rogue = SecretKey.Generate();
        _world.Gateway.Spoil = item => new ItemResult.Completed(item.Item, rogue.SignSchnorr(item.Message.Bytes));
        await Refused.WithAsync(ErrorCodes.SignatureInvalid, () => _world.Alice.Signings.SignAsync(alice, [SigningContent.FromBytes(Payment)], cancellationToken: Cancel));
        _world.Gateway.Spoil = null;
        Assert.True((await _world.Alice.Signings.SignAsync(alice, [SigningContent.FromBytes(Payment)], cancellationToken: Cancel)).IsSigned);
    }

    [Fact]
    public async Task G11_a_result_the_gateway_made_or_changed_or_took_from_elsewhere_is_refused()
    {
        var (alice, _) = await _world.FormAsync(ClientWorld.TwoOfTwo with { Unattended = true }, Silent);
        var one = await _world.Alice.Signings.PrepareAsync(alice, [SigningContent.FromBytes(Payment)], cancellationToken: Cancel);
        var two = await _world.Alice.Signings.PrepareAsync(alice, [SigningContent.FromBytes(Payment)], cancellationToken: Cancel);
        await _world.Alice.Signings.SubmitAsync(one, cancellationToken: Cancel);
        RoundBlobJson genuine = null!;
        _world.Gateway.Tamper<SigningPostedJson>(answer =>
        {
            genuine = answer.Result!;
            return answer;
        });
        await _world.Alice.Signings.SubmitAsync(two, cancellationToken: Cancel);
        _world.Gateway.BeHonest();
        using var rogue = SecretKey.Generate();
        Func<RoundBlobJson, RoundBlobJson>[] forgeries =
        [
            _ => genuine,
            result => result with { Attempt = 2 },
            result => result with { Node = [0, 1] },
            result => result with { Node = [0, 7] },
            result => result with { Node = [1, 0] },
            result => result with { Boot = Id16.Random() },
            result => result with { Tau = Hash32.Sha256("another"u8) },
            result => result with { Blob = [.. result.Blob[..^1], (byte)(result.Blob[^1] ^ 1)] },
            result => result with { Signature = rogue.SignSchnorr(new byte[32]) },
        ];
        foreach (var forgery in forgeries)
        {
            _world.Gateway.Tamper<SigningJson>(answer => answer with { Result = forgery(answer.Result!) });
            await Refused.WithAsync(ErrorCodes.RelayFault, () => _world.Alice.Signings.StatusAsync(one.Reference, Cancel));
        }
        _world.Gateway.BeHonest();
        Assert.True((await _world.Alice.Signings.StatusAsync(one.Reference, Cancel)).IsSigned);
    }

    [Fact]
    public async Task G20_culprits_come_from_a_verified_result_only()
    {
        var (alice, _) = await _world.FormAsync(ClientWorld.TwoOfTwo with { Unattended = true }, Silent);
        _world.Gateway.Spoil = item => item.Message == Hash32.Sha256(Payment) ? new ItemResult.Failed(item.Item, ErrorCodes.PartialInvalid, NodeId.Enclave(1)) : null;
        var prepared = await _world.Alice.Signings.PrepareAsync(alice, [SigningContent.FromBytes(Payment), SigningContent.FromBytes("other"u8.ToArray())], cancellationToken: Cancel);
        var outcome = await _world.Alice.Signings.SubmitAsync(prepared, cancellationToken: Cancel);
        var failed = Assert.IsType<SignedItem.Failed>(outcome.Items![0]);
        Assert.Equal((ErrorCodes.PartialInvalid, new Culprit(1, null)), (failed.Error, failed.Culprit));
        Assert.IsType<SignedItem.Signed>(outcome.Items[1]);
        Assert.Equal(ErrorCodes.PartialInvalid, Assert.Throws<KeyMeldException>(() => outcome.Signatures).Code);
        // The gateway's own word has no culprit and no items.
        _world.Gateway.Tamper<SigningJson>(answer => answer with { State = "failed", Result = null, Error = ErrorCodes.PartialInvalid });
        var word = await _world.Alice.Signings.StatusAsync(prepared.Reference, Cancel);
        Assert.Null(word.Items);
        Assert.Equal(ErrorCodes.PartialInvalid, word.Error);
    }

    [Fact]
    public async Task A_completed_signing_without_a_result_is_not_believed()
    {
        var (alice, _) = await _world.FormAsync(ClientWorld.TwoOfTwo with { Unattended = true }, Silent);
        _world.Gateway.Tamper<SigningPostedJson>(answer => answer with { Result = null });
        _world.Gateway.Tamper<SigningJson>(answer => answer with { Result = null });
        await Refused.WithAsync(ErrorCodes.GatewayResponseInvalid, () => _world.Alice.Signings.SignAsync(alice, [SigningContent.FromBytes(Payment)], cancellationToken: Cancel));
    }

    [Fact]
    public async Task G07_another_request_or_other_items_under_the_same_name_are_refused()
    {
        var (alice, _) = await _world.FormAsync();
        var one = await _world.Alice.Signings.RequestAsync(alice, [SigningContent.FromBytes(Payment)], cancellationToken: Cancel);
        var two = await _world.Alice.Signings.RequestAsync(alice, [SigningContent.FromBytes("other"u8.ToArray())], cancellationToken: Cancel);
        var other = _world.Gateway.Signings[two.Request];
        _world.Gateway.Tamper<SigningJson>(answer => answer with { Request = SignedJson.Of(other.Request.Request.Statement), Items = other.Items });
        await Refused.WithAsync(ErrorCodes.RequestInvalid, () => _world.Bob.Signings.ReviewAsync(one, Cancel));
        _world.Gateway.Tamper<SigningJson>(answer => answer with { Items = other.Items });
        await Refused.WithAsync(ErrorCodes.ItemsInvalid, () => _world.Bob.Signings.ReviewAsync(one, Cancel));
        _world.Gateway.Tamper<SigningJson>(answer => answer with { Id = two.Request });
        await Refused.WithAsync(ErrorCodes.GatewayResponseInvalid, () => _world.Bob.Signings.ReviewAsync(one, Cancel));
    }

    [Fact]
    public async Task G06_a_request_by_nobody_of_the_group_is_refused_by_the_approver()
    {
        var (alice, _) = await _world.FormAsync();
        var item = new SigningItem { Item = Id16.Random(), Message = Hash32.Sha256(Payment), Context = ItemContexts.OfPreimage(Payment) };
        using var rogue = SecretKey.Generate();
        var (statement, items) = Make(alice, [item], rogue);
        var reference = await _world.Alice.Signings.RequestAsync(alice, [SigningContent.FromBytes(Payment)], cancellationToken: Cancel);
        _world.Gateway.Tamper<SigningJson>(answer => answer with { Id = statement.Digest, Request = SignedJson.Of(statement.Statement), Items = items });
        _world.Gateway.Signings[statement.Digest] = _world.Gateway.Signings[reference.Request];
        await Refused.WithAsync(ErrorCodes.RequestInvalid, () => _world.Bob.Signings.ReviewAsync(new SigningReference(alice.Gateway, alice.Id, statement.Digest), Cancel));
    }

    [Fact]
    public async Task G06_forged_approvals_are_refused_when_they_are_shown()
    {
        var (alice, bob) = await _world.FormAsync();
        var reference = await _world.Alice.Signings.RequestAsync(alice, [SigningContent.FromBytes(Payment)], cancellationToken: Cancel);
        using var rogue = SecretKey.Generate();
        Approval approval = new() { Request = reference.Request, User = bob.Members[1].User, Decision = Decision.Approve, Created = 1 };
        foreach (var forged in (Approval[])[approval, approval with { User = Id16.Random() }, approval with { Request = alice.Id }])
        {
            _world.Gateway.Tamper<SigningJson>(answer => answer with { Approvals = [SignedJson.Of(StatementSigner.Sign(forged, rogue).Statement)] });
            await Refused.WithAsync(ErrorCodes.ApprovalInvalid, () => _world.Alice.Signings.ReviewAsync(reference, Cancel));
        }
    }

    [Fact]
    public async Task G07_a_request_of_another_group_is_refused_however_the_gateway_shows_it()
    {
        var (alice, _) = await _world.FormAsync();
        var reference = await _world.Alice.Signings.RequestAsync(alice, [SigningContent.FromBytes(Payment)], cancellationToken: Cancel);
        var (other, _) = await _world.FormAsync();
        await Refused.WithAsync(ErrorCodes.NotFound, () => _world.Bob.Signings.ReviewAsync(reference with { Group = other.Id }, Cancel));
        var signing = _world.Gateway.Signings[reference.Request];
        var answer = new SigningJson(reference.Request, "waiting", SignedJson.Of(signing.Request.Request.Statement), signing.Items, [], 0);
        _world.Gateway.Intercept = _ => FakeGateway.Json(ProtocolJson.Utf8(answer, ProtocolJson.Default.SigningJson));
        await Refused.WithAsync(ErrorCodes.RosterMismatch, () => _world.Bob.Signings.ReviewAsync(reference with { Group = other.Id }, Cancel));
    }

    /// <summary>A request that an honest SDK would not make, by Alice, past her SDK.</summary>
    private SigningReference Request(Group group, SigningItem[] items)
    {
        using var key = _world.Alice.Profile.GetAuthorisation(_world.Alice.Profile.GroupRecords.Get(group.Id));
        var (statement, wire) = Make(group, items, key);
        var fake = _world.Gateway.Groups[group.Id];
        _world.Gateway.Signings.Add(statement.Digest, new FakeSigning(fake, RequestVerifier.Verify(fake.Roster!, statement.Statement, wire, fake.Session), wire));
        return new SigningReference(group.Gateway, group.Id, statement.Digest);
    }

    private (Signed<SigningRequest> Statement, byte[] Items) Make(Group group, SigningItem[] items, SecretKey key, Id16? id = null)
    {
        var fake = _world.Gateway.Groups[group.Id];
        var signing = id ?? Id16.Random();
        var wire = SealedItems.Seal(new SessionCipher(fake.Session, group.Id), group.RosterHash, signing, items);
        var now = _world.Clock.GetUtcNow().ToUnixTimeMilliseconds();
        var request = new SigningRequest
        {
            Roster = group.RosterHash,
            Signing = signing,
            By = 0,
            Created = now,
            Expires = now + 600_000,
            Items = items.Length,
            Signers = [0, 1],
            Sealed = Hash32.Sha256(wire),
        };
        return (StatementSigner.Sign(request, key), wire);
    }
}
