using KeyMeld.Client;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Groups;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Client.Support;

namespace KeyMeld.Tests.Client.Groups;

/// <summary>protocol.md section 5: an item's own chain if it has one, else its subset's of the terms, else without a subset the group's; subsets do not inherit.</summary>
public sealed class OutputDetailsTests : IDisposable
{
    private static readonly JoinOptions Silent = new() { Approval = false, AcceptUnattended = true, AcceptRawTweaks = true };
    private static readonly Hash32 Scalar = Hash32.Sha256("a scalar"u8);
    private static readonly ScriptTree Tree = new ScriptTree.Branch(new ScriptTree.Leaf(0xc0, new byte[] { 0x51 }), new ScriptTree.Leaf(0xc0, new byte[] { 0x52 }));
    private readonly ClientWorld _world = new();
    private readonly Id16 _tweaked = Id16.Random();
    private readonly Id16 _bare = Id16.Random();

    public void Dispose() => _world.Dispose();

    [Fact]
    public async Task Each_key_is_shown_with_its_tweaks_internal_key_scripts_and_address()
    {
        var group = await FormAsync();
        var aggregate = KeyAggregation.Aggregate(KeyAggregation.Sort([.. group.Members.Select(member => member.MemberKey)]));

        var whole = group.OutputOf();
        Assert.Equal((aggregate.OutputKey, group.OutputKey, true), (whole.AggregateKey, whole.OutputKey, whole.IsRaw));
        var inner = aggregate.WithPlainTweak(Scalar.Bytes);
        Assert.Equal(inner.OutputKey, whole.InternalKey);
        Assert.Equal(inner.WithXOnlyTweak(TweakChains.TapTweak(inner.OutputKey, ScriptTrees.Root(Tree)).Bytes).OutputKey, whole.OutputKey);
        Assert.Equal(["OP_1", "OP_2"], whole.Taproot!.Leaves.Select(leaf => leaf.Assembly));
        Assert.Equal(group.Address(BitcoinNetwork.Signet), whole.Address(BitcoinNetwork.Signet));

        var tweaked = group.OutputOf(_tweaked);
        Assert.Equal((aggregate.OutputKey, group.OutputKeyOf(_tweaked), false), (tweaked.InternalKey, tweaked.OutputKey, tweaked.IsRaw));
        Assert.Empty(tweaked.Taproot!.Leaves);

        var bare = group.OutputOf(_bare);
        Assert.Null(bare.Taproot);
        Assert.Equal((aggregate.OutputKey, aggregate.OutputKey), (bare.AggregateKey, bare.OutputKey));
        Refused.With(ErrorCodes.ItemsInvalid, () => { group.OutputOf(Id16.Random()); });
    }

    [Fact]
    public async Task An_items_own_chain_goes_before_its_subsets_and_that_before_the_groups()
    {
        var group = await FormAsync();
        var own = new TweakChain([new Tweak.Taproot(Tree)]);
        (Id16? Subset, TweakChain? Own, XOnlyPublicKey Key)[] cases =
        [
            (null, null, group.OutputKey),
            (_tweaked, null, group.OutputKeyOf(_tweaked)),
            (_bare, null, group.OutputOf(null, TweakChain.Empty).OutputKey),
            (null, own, group.OutputOf(null, own).OutputKey),
            (_tweaked, own, group.OutputOf(null, own).OutputKey),
            (_tweaked, TweakChain.Empty, group.OutputOf(_bare).OutputKey),
        ];
        Assert.Equal(4, cases.Select(one => one.Key).Distinct().Count());
        var reference = await _world.Alice.Signings.RequestAsync(
            group, [.. cases.Select(one => SigningContent.FromBytes(new byte[] { 1 }) with { Subset = one.Subset, Tweaks = one.Own })], cancellationToken: ClientWorld.Cancel);
        var review = await _world.Bob.Signings.ReviewAsync(reference, ClientWorld.Cancel);
        Assert.Equal(cases.Select(one => one.Key), review.Items.Select(item => item.OutputKey));
        Assert.Equal(cases.Select(one => one.Key), review.Items.Select(item => item.Output.OutputKey));
        // P10: the approver sees every script, also those of an item's own.
        Assert.Equal(["OP_1", "OP_2"], review.Items[4].Output.Taproot!.Leaves.Select(leaf => leaf.Assembly));
        Assert.All(review.Items, item => Assert.Equal([0, 1], item.Signers));
        var outcome = await _world.Bob.Signings.WaitAsync(reference, cancellationToken: ClientWorld.Cancel);
        Assert.Equal(cases.Select(one => one.Key), outcome.Items!.Cast<SignedItem.Signed>().Select(item => item.OutputKey));
    }

    private async Task<Group> FormAsync()
    {
        var plan = ClientWorld.TwoOfTwo with
        {
            Unattended = true,
            AllowRawTweaks = true,
            Tweaks = new TweakChain([new Tweak.Plain(Scalar), new Tweak.Taproot(Tree)]),
            Subsets = [new PlannedSubset([0, 1]) { Id = _tweaked }, new PlannedSubset([0, 1]) { Id = _bare, Tweaks = TweakChain.Empty }],
        };
        return (await _world.FormAsync(plan, Silent)).Alice;
    }
}
