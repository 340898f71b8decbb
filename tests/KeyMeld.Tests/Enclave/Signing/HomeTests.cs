using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Enclave.Rounds;
using KeyMeld.Wire.V1;

namespace KeyMeld.Tests.Enclave.Signing;

/// <summary>Requests among enclaves and members at home (protocol.md section 6, "Nodes").</summary>
public sealed class HomeTests
{
    private readonly HostedEnclave[] _enclaves = HostedEnclave.Fleet(2);

    public static TheoryData<string, int?[]> Groups => new()
    {
        { "none at home", [0, 1, 0] },
        { "one at home", [0, null, 1] },
        { "two of three at home", [null, 0, null] },
        { "all at home", [null, null, null] },
    };

    [Theory]
    [MemberData(nameof(Groups))]
    public async Task Enclaves_and_members_at_home_sign_together_in_whatever_mix(string mix, int?[] places)
    {
        var group = new TestGroup(_enclaves, [.. places.Select(enclave => new TestMember(enclave))], new GroupShape { Tweaks = new TweakChain([new Tweak.Bip86()]) });
        using var rounds = new MixedRounds(new TestRequest(group, TestRequest.Messages(3)), _enclaves);
        Assert.Equal(places.Count(place => place is null), rounds.Nodes.Count(node => node.Kind == NodeKind.Home));
        Assert.All(await rounds.RunAsync(), result => Assert.IsType<ItemResult.Completed>(result));
        Assert.NotEmpty(mix);
    }

    [Fact]
    public async Task Items_of_subsets_and_with_tweaks_of_their_own_are_signed_at_home_as_in_an_enclave()
    {
        var (atHome, mixed) = (Id16.Random(), Id16.Random());
        var group = new TestGroup(
            _enclaves, [new(0), new(null), new(null), new(1)],
            new GroupShape { Subsets = [new(atHome, [1, 2]), new(mixed, [0, 2])], SubsetTweaks = new Dictionary<Id16, TweakChain> { [mixed] = new([new Tweak.Bip86()]) } });
        var tweaks = new TweakChain([new Tweak.Plain(Hash32.Sha256([1])), new Tweak.XOnly(Hash32.Sha256([2])), new Tweak.Bip86()]);
        var items = new[] { TestRequest.Item(), TestRequest.Item(atHome), TestRequest.Item(mixed), TestRequest.Item(atHome, tweaks), TestRequest.Item(tweaks: tweaks) };
        using var rounds = new MixedRounds(new TestRequest(group, items), _enclaves);
        Assert.All(await rounds.RunAsync(), result => Assert.IsType<ItemResult.Completed>(result));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(null)]
    public async Task Items_with_adaptors_are_pre_signed_at_home_as_in_an_enclave(int? first)
    {
        using var secret = SecretKey.Generate();
        var group = new TestGroup(_enclaves, [new(first), new(null)], new GroupShape { Tweaks = new TweakChain([new Tweak.Bip86()]) });
        var items = new[] { TestRequest.Item() with { Adaptor = secret.PublicKey }, TestRequest.Item(), TestRequest.Item(tweaks: TweakChain.Empty) with { Adaptor = secret.PublicKey } };
        using var rounds = new MixedRounds(new TestRequest(group, items), _enclaves);
        var results = await rounds.RunAsync();
        Assert.IsType<ItemResult.Completed>(results[1]);
        foreach (var index in (int[])[0, 2])
        {
            var keys = rounds.Request.Verified.KeysOf(index).OutputKey;
            var preSignature = PreSignature.Parse(Assert.IsType<ItemResult.PreSigned>(results[index]).PreSignature.Bytes);
            Assert.True(preSignature.TryVerify(keys, items[index].Message.Bytes, secret.PublicKey, out var verified));
            Assert.True(keys.Verify(items[index].Message.Bytes, verified.Adapt(secret)));
        }
    }

    [Fact]
    public async Task P05_a_member_at_home_that_leaves_the_adaptor_out_is_named_and_the_others_complete()
    {
        using var secret = SecretKey.Generate();
        var group = new TestGroup(_enclaves, [new(0), new(null)]);
        using var rounds = new MixedRounds(new TestRequest(group, [TestRequest.Item() with { Adaptor = secret.PublicKey }, TestRequest.Item()]), _enclaves);
        var node = new MaliciousNode(rounds.Driver, NodeId.Home(1));
        RoundBlob[] round1 = [await rounds.OpenAsync(NodeId.Enclave(0)), node.Open(entries => entries)];
        RoundBlob[] round2 = [await rounds.SignAsync(NodeId.Enclave(0), round1), node.Sign(round1, _ => true, entries => entries, foldsAdaptor: _ => false)];
        var results = rounds.Driver.Read(await rounds.Driver.CombineAsync(0, round1, round2));
        Assert.Equal((ErrorCodes.PartialInvalid, NodeId.Home(1)), (Assert.IsType<ItemResult.Failed>(results[0]).Error, ((ItemResult.Failed)results[0]).Node!.Value));
        Assert.IsType<ItemResult.Completed>(results[1]);
    }

    [Theory]
    [InlineData("bad nonce", ErrorCodes.NonceInvalid)]
    [InlineData("missing nonce", ErrorCodes.NonceMissing)]
    [InlineData("bad partial", ErrorCodes.PartialInvalid)]
    public async Task P05_a_member_at_home_that_spoils_an_item_is_named_and_the_others_complete(string attack, string code)
    {
        using var rounds = Mixed();
        var node = new MaliciousNode(rounds.Driver, NodeId.Home(1));
        var round1 = await OpenAsync(rounds, node.Open(entries => attack switch
        {
            "bad nonce" => [entries[0] with { Nonce = new byte[66] }, .. entries[1..]],
            "missing nonce" => entries[1..],
            _ => entries,
        }));
        var lies = attack == "bad partial";
        var round2 = await SignAsync(rounds, round1, node.Sign(
            round1, item => lies || item != 0, entries => lies ? [entries[0] with { Partial = entries[1].Partial }, .. entries[1..]] : entries));
        var results = rounds.Driver.Read(await rounds.Driver.CombineAsync(0, round1, round2));
        var failure = Assert.IsType<ItemResult.Failed>(results[0]);
        Assert.Equal((code, NodeId.Home(1)), (failure.Error, failure.Node));
        Assert.All(results.Skip(1), result => Assert.IsType<ItemResult.Completed>(result));
        await rounds.AssertCanGoOnAsync(2);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task P05_garbage_from_a_member_at_home_fails_its_items_naming_it_and_the_others_complete(int round)
    {
        using var rounds = Mixed();
        var node = new MaliciousNode(rounds.Driver, NodeId.Home(1));
        var round1 = await OpenAsync(rounds, round == 1 ? node.Sealed1([1, 2, 3]) : node.Open(entries => entries));
        var round2 = await SignAsync(rounds, round1, node.Round2(round1, round == 1 ? [0x80] : [0xff]));
        var results = rounds.Driver.Read(await rounds.Driver.CombineAsync(0, round1, round2));
        Assert.All(results.SkipLast(1), result => Assert.Equal((ErrorCodes.RoundBlobInvalid, NodeId.Home(1)), (Assert.IsType<ItemResult.Failed>(result).Error, ((ItemResult.Failed)result).Node!.Value)));
        Assert.IsType<ItemResult.Completed>(results[^1]);
        await rounds.AssertCanGoOnAsync(2);
    }

    [Fact]
    public async Task G20_a_blob_that_the_member_at_home_did_not_sign_names_nobody()
    {
        using var rounds = Mixed();
        var round1 = await rounds.OpenAllAsync();
        // As another member at home, with that one's own valid signature; altered; of an earlier attempt.
        var other = await rounds.Home(2).OpenAsync(rounds.Request);
        foreach (var forged in (RoundBlob[])
        [
            Driver.Wire(other with { Node = NodeId.Home(1) }),
            round1[1].Clone().With(blob => blob.Signature = round1[2].Signature),
            round1[1].Clone().With(blob => blob.NodeKind = 0),
        ])
        {
            RoundBlob[] set = [round1[0], forged, round1[2]];
            await Refused.WithAsync(ErrorCodes.RelayFault, () => rounds.SignAsync(NodeId.Enclave(0), set));
        }
        await rounds.AssertCanGoOnAsync(2);
    }

    // The last item is of the subset without participant 1.
    private MixedRounds Mixed()
    {
        var without = Id16.Random();
        var group = new TestGroup(_enclaves, [new(0), new(null), new(null)], new GroupShape { Subsets = [new(without, [0, 2])] });
        return new MixedRounds(new TestRequest(group, [.. TestRequest.Messages(3), TestRequest.Item(without)]), _enclaves);
    }

    private static async Task<RoundBlob[]> OpenAsync(MixedRounds rounds, RoundBlob malicious) =>
        [await rounds.OpenAsync(NodeId.Enclave(0)), malicious, await rounds.OpenAsync(NodeId.Home(2))];

    private static async Task<RoundBlob[]> SignAsync(MixedRounds rounds, RoundBlob[] round1, RoundBlob malicious) =>
        [await rounds.SignAsync(NodeId.Enclave(0), round1), malicious, await rounds.SignAsync(NodeId.Home(2), round1)];
}
