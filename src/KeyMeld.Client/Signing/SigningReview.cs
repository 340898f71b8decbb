using System.Security.Cryptography;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Signing;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Client;

/// <summary>
/// What an approver decides on, verified: the request is the one named, by a member of the group as recorded, its items opened and each compared with what it claims to be.
/// Not safe for concurrent use.
/// </summary>
public sealed class SigningReview
{
    private readonly ReviewItem[] _items;

    /// <exception cref="KeyMeldException"><c>approval_invalid</c>: the gateway shows a decision that is not a member's on this request.</exception>
    internal SigningReview(Group group, SigningReference reference, VerifiedRequest request, IReadOnlyList<SignedStatement> approvals, SigningState state)
    {
        (Group, Reference, Request, State) = (group, reference, request, state);
        var twins = AdaptorRules.AlsoSignedPlain(request.Items).ToHashSet();
        // Items of one key are many, keys are few (256 at most).
        var outputs = new Dictionary<KeyAggregation, OutputDetails>(ReferenceEqualityComparer.Instance);
        _items = [.. request.Items.Select((item, index) => ReviewItem.Of(index, item, request.SignersOf(index), OutputOf(index, item), twins.Contains(index)))];
        OutputDetails OutputOf(int index, SigningItem item)
        {
            var keys = request.KeysOf(index);
            return outputs.TryGetValue(keys, out var known) ? known : outputs[keys] = OutputDetails.Of(group.Roster, item.Subset, item.Tweaks);
        }
        var rule = ApprovalRule.Of(group.Roster);
        var votes = approvals.Select(approval => rule.Read(request.Digest, approval)).ToList();
        Decisions = [.. votes.Select(vote => new MemberDecision(vote.Participant, vote.Decision == Decision.Approve, UnixTime.ToDate(vote.Statement.Value.Created)))];
        if (rule.Evaluate(request.Request, votes) is ApprovalState.Waiting waiting)
        {
            (AwaitedSigners, AwaitedApprovers, AwaitedVotes) = (waiting.Signers, waiting.Approvers, waiting.Votes);
        }
    }

    /// <summary>The group.</summary>
    public Group Group { get; }

    /// <summary>Which signing.</summary>
    public SigningReference Reference { get; }

    /// <summary>Who asks: a member's place, or null for the creator.</summary>
    public int? RequestedBy => Request.Value.By;

    /// <summary>When the request says it was made.</summary>
    public DateTimeOffset Created => UnixTime.ToDate(Request.Value.Created);

    /// <summary>When it ends.</summary>
    public DateTimeOffset Expires => UnixTime.ToDate(Request.Value.Expires);

    /// <summary>Everybody whose key would sign.</summary>
    public IReadOnlyList<int> Signers => Request.Value.Signers;

    /// <summary>What would be signed.</summary>
    public IReadOnlyList<ReviewItem> Items => _items;

    /// <summary>Verified approvals and rejections so far; that a member requested it counts as its approval and is not among them.</summary>
    public IReadOnlyList<MemberDecision> Decisions { get; }

    /// <summary>Signers whose approval is needed and missing; empty when somebody rejected.</summary>
    public IReadOnlyList<int> AwaitedSigners { get; } = [];

    /// <summary>Approvers who have not approved, of whom <see cref="AwaitedVotes"/> have to.</summary>
    public IReadOnlyList<int> AwaitedApprovers { get; } = [];

    /// <summary>How many of the approvers still have to approve.</summary>
    public int AwaitedVotes { get; }

    /// <summary>The gateway's word on how far it is.</summary>
    public SigningState State { get; }

    /// <summary>Whether every item's content is known and matches: then the plain approve call goes.</summary>
    public bool IsShown => _items.All(item => item.Content is ItemContent.Shown or ItemContent.Matched);

    internal VerifiedRequest Request { get; }

    /// <summary>Shows the approver's own copy of a content: opaque items whose message is its SHA-256 count as shown from then on.</summary>
    /// <param name="content">Read to its end.</param>
    /// <returns>How many items it is of; 0 if it is of none.</returns>
    public int Match(Stream content)
    {
        using var counted = new CountingStream(content);
        var message = new Hash32(SHA256.HashData(counted));
        var matched = 0;
        for (var i = 0; i < _items.Length; i++)
        {
            if (_items[i].Message == message && _items[i].Content is ItemContent.Opaque or ItemContent.Matched)
            {
                _items[i] = _items[i] with { Content = new ItemContent.Matched(counted.Count) };
                matched++;
            }
        }
        return matched;
    }
}

/// <summary>One item of a review.</summary>
/// <param name="Index">Its position.</param>
/// <param name="Id">Its id.</param>
/// <param name="Message">What would be signed.</param>
/// <param name="Subset">Which part of the group signs; all when null.</param>
/// <param name="OwnTweaks">Tweaks the request gives this item in place of those of the terms, or null: those of the terms.</param>
/// <param name="OutputKey">The key the signature will verify under.</param>
/// <param name="Content">What the message is.</param>
public sealed record ReviewItem(int Index, Id16 Id, Hash32 Message, Id16? Subset, TweakChain? OwnTweaks, XOnlyPublicKey OutputKey, ItemContent Content)
{
    /// <summary>How that key comes about: effective tweaks, internal key, every script. Items of one key share it.</summary>
    public required OutputDetails Output { get; init; }

    /// <summary>Places of the members that sign this item.</summary>
    public required IReadOnlyList<int> Signers { get; init; }

    /// <summary>What completes the signature, where a pre-signature is asked for.</summary>
    public ReviewAdaptor? Adaptor { get; init; }

    /// <summary>Whether approving it takes more than looking: nothing shows what it is, or its own tweaks hide what they commit to.</summary>
    public bool NeedsExplicitChoice => Content is not (ItemContent.Shown or ItemContent.Matched) || (OwnTweaks is { } own && Chains.IsRaw(own));

    internal static ReviewItem Of(int index, SigningItem item, IReadOnlyList<int> signers, OutputDetails output, bool alsoSignedPlain) =>
        new(index, item.Item, item.Message, item.Subset, item.Tweaks, output.OutputKey, ItemContent.Of(item))
        {
            Output = output,
            Signers = signers,
            Adaptor = item.Adaptor is { } point ? new ReviewAdaptor(point, [.. item.Points.Select(one => one.Point)], alsoSignedPlain) : null,
        };
}

/// <summary>The adaptor of an item under review.</summary>
/// <param name="Point">T: whoever has its secret completes the signature, and whoever sees the signature learns the secret.</param>
/// <param name="Points">The points whose sum T is, each proved by somebody who knows its secret; empty where T stands for itself.</param>
/// <param name="AlsoSignedPlain">Whether the request has the same message signed plain as well, for which no secret is needed.</param>
public sealed record ReviewAdaptor(PublicKey Point, IReadOnlyList<PublicKey> Points, bool AlsoSignedPlain);

/// <summary>A member's verified decision.</summary>
/// <param name="Member">Its place.</param>
/// <param name="Approved">Approved, or rejected.</param>
/// <param name="At">When it says.</param>
public sealed record MemberDecision(int Member, bool Approved, DateTimeOffset At);
