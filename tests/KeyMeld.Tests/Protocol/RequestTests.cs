using KeyMeld.Protocol;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Signing;
using KeyMeld.Protocol.Statements;
using KeyMeld.Tests.Protocol.Support;

namespace KeyMeld.Tests.Protocol;

/// <summary>What a request is refused for before any approval is looked at.</summary>
public sealed class RequestTests : IDisposable
{
    private readonly Story _story = new();

    [Fact]
    public void A_request_of_a_member_and_of_the_creator_verify()
    {
        var request = _story.Verify(_story.Request());
        Assert.Equal(_story.Auths[0].XOnlyPublicKey, request.Requester);
        Assert.Equal([NodeId.Enclave(0), NodeId.Enclave(1), NodeId.Home(3)], request.Nodes);
        Assert.Equal([0, 1, 2, 3], request.SignersOf(0));
        Assert.Equal([0, 2], request.SignersOf(1));
        Assert.Equal([new RoundPair(0, 1), new RoundPair(0, 2), new RoundPair(1, 2)], request.PairsOf(NodeId.Enclave(1)));
        Assert.Equal([new RoundPair(0, 3)], request.PairsOf(NodeId.Home(3)));
        Assert.Empty(request.PairsOf(NodeId.Home(0)));
        Assert.Equal(_story.Roster.OutputKeys, [request.KeysOf(0).OutputKey, request.KeysOf(1).OutputKey]);
        Assert.False(request.HasAdaptors);
        Assert.Equal(_story.Creator.XOnlyPublicKey, _story.Verify(_story.Request(by: null)).Requester);
    }

    [Fact]
    public void The_creator_requests_only_where_the_manifest_says_so()
    {
        using var story = new Story(manifest => manifest with { CreatorRequests = false });
        Assert.Equal(ErrorCodes.RequestInvalid, Assert.Throws<KeyMeldException>(() => story.Verify(story.Request(by: null))).Code);
    }

    [Fact]
    public void A_request_is_signed_by_whoever_it_says_it_is_by()
    {
        Refused(ErrorCodes.RequestInvalid, _story.Request(signer: _story.Auths[1]));
        Refused(ErrorCodes.RequestInvalid, _story.Request(signer: _story.Admissions[0]));
        Refused(ErrorCodes.RequestInvalid, _story.Request(by: null, signer: _story.Auths[0]));
        Refused(ErrorCodes.RequestInvalid, _story.Request(change: request => request with { By = 4 }));
    }

    [Fact]
    public void A_request_for_another_roster_is_refused() => Refused(ErrorCodes.RosterMismatch, _story.Request(change: request => request with { Roster = Hash32.Sha256([1]) }));

    [Fact]
    public void G07_items_of_another_request_or_secret_are_refused()
    {
        var (request, items) = _story.Request();
        var altered = (byte[])items.Clone();
        altered[^1] ^= 1;
        Refused(ErrorCodes.ItemsInvalid, (request, altered));
        Refused(ErrorCodes.ItemsInvalid, (request, []));
        // Hash and all, but for another signing id.
        Refused(ErrorCodes.ItemsInvalid, _story.Request(change: statement => statement with { Signing = Story.Id("another signing") }));
    }

    [Fact]
    public void Items_that_contradict_themselves_are_named_so()
    {
        var garbage = _story.Cipher.Encrypt("signing-items", KeyMeld.Protocol.Sessions.Aad.SigningItems(_story.Roster.RosterHash, Story.Id("signing")), [0x80]);
        Refused(ErrorCodes.ItemsInvalid, (_story.Request(change: request => request with { Sealed = Hash32.Sha256(garbage) }).Request, garbage));
        var items = _story.MakeItems();
        Assert.Equal(ErrorCodes.StatementInvalid, Assert.Throws<KeyMeldException>(() => SigningItems.Encode([items[0], items[0]])).Code);
    }

    [Fact]
    public void Counts_and_signers_are_exactly_those_of_the_items()
    {
        Refused(ErrorCodes.RequestInvalid, _story.Request(change: request => request with { Items = 3 }));
        Refused(ErrorCodes.RequestInvalid, _story.Request(change: request => request with { Items = 1 }));
        Refused(ErrorCodes.RequestInvalid, _story.Request(change: request => request with { Signers = [0, 1, 2] }));
        Refused(ErrorCodes.RequestInvalid, _story.Request(change: request => request with { Signers = [0, 1, 2, 3, 4] }));
        var subset = _story.MakeItems()[1..];
        Assert.Equal([0, 2], _story.Verify(_story.Request(subset)).Value.Signers);
        Refused(ErrorCodes.RequestInvalid, _story.Request(subset, request => request with { Signers = [0, 1, 2, 3] }));
    }

    [Fact]
    public void A_subset_the_manifest_does_not_have_is_refused() =>
        Refused(ErrorCodes.ItemsInvalid, _story.Request([_story.MakeItems()[0] with { Subset = Story.Id("no subset") }], request => request with { Signers = [0, 2] }));

    [Fact]
    public void P01_more_than_256_different_keys_are_over_the_limit()
    {
        var items = _story.MakeItems(Limits.DistinctKeys + 1).Select((item, i) => item with { Subset = null, Tweaks = new TweakChain([new Tweak.Plain(new Hash32(Story.Bytes($"tweak {i}")))]) }).ToArray();
        Assert.Equal(Limits.DistinctKeys, _story.Verify(_story.Request(items[1..])).Items.Count);
        Refused(ErrorCodes.LimitExceeded, _story.Request(items));
    }

    [Fact]
    public void P04_and_adaptors_without_proofs_are_refused()
    {
        using var first = KeyMeld.Secp256k1.SecretKey.Generate();
        using var second = KeyMeld.Secp256k1.SecretKey.Generate();
        KeyMeld.Secp256k1.PublicKey[] points = [first.PublicKey, second.PublicKey];
        var item = _story.MakeItems()[0];
        var digests = Enumerable.Range(0, 2).Select(i => AdaptorProof.Digest(_story.Roster.RosterHash, Story.Id("signing"), item.Item, i, points)).ToArray();
        var proven = item with
        {
            Adaptor = KeyMeld.Secp256k1.PublicKey.Combine(points),
            Points = [new AdaptorPoint(points[0], first.SignSchnorr(digests[0].Bytes)), new AdaptorPoint(points[1], second.SignSchnorr(digests[1].Bytes))],
        };
        Assert.True(_story.Verify(_story.Request([proven])).HasAdaptors);
        Refused(ErrorCodes.ItemsInvalid, _story.Request([proven with { Points = [proven.Points[0], proven.Points[1] with { Proof = proven.Points[0].Proof }] }]));
    }

    [Fact]
    public void G22_a_request_is_valid_from_two_minutes_before_it_was_made_until_it_expires()
    {
        var request = _story.Verify(_story.Request()).Value;
        var manifest = _story.Manifest.Value;
        RequestWindow.Check(manifest, request, request.Created - 120_000);
        RequestWindow.Check(manifest, request, request.Expires);
        Assert.Equal(ErrorCodes.NotYetValid, Assert.Throws<KeyMeldException>(() => RequestWindow.Check(manifest, request, request.Created - 120_001)).Code);
        Assert.Equal(ErrorCodes.Expired, Assert.Throws<KeyMeldException>(() => RequestWindow.Check(manifest, request, request.Expires + 1)).Code);
        Assert.Equal(ErrorCodes.SigningClosed, Assert.Throws<KeyMeldException>(() => RequestWindow.Check(manifest with { SignUntil = request.Created }, request, request.Created + 1)).Code);
        RequestWindow.Check(manifest with { SignUntil = null }, request, request.Created);
    }

    [Fact]
    public void P11_a_context_that_is_not_the_message_is_never_taken_for_it()
    {
        var item = _story.MakeItems()[0];
        Assert.False(ItemContexts.IsShown(item));
        Assert.True(ItemContexts.IsShown(item with { Message = Hash32.Sha256("pay 1"u8), Context = ItemContexts.OfPreimage("pay 1"u8.ToArray()) }));
        Assert.Equal(ErrorCodes.ContextMismatch, Assert.Throws<KeyMeldException>(() => ItemContexts.IsShown(item with { Context = ItemContexts.OfPreimage("pay 1"u8.ToArray()) })).Code);
        Assert.Equal(ErrorCodes.Unsupported, Assert.Throws<KeyMeldException>(() => ItemContexts.IsShown(item with { Context = new ItemContext("psbt", new byte[1]) })).Code);
    }

    public void Dispose() => _story.Dispose();

    private void Refused(string code, (SignedStatement Request, byte[] Items) request) => Assert.Equal(code, Assert.Throws<KeyMeldException>(() => _story.Verify(request)).Code);
}
