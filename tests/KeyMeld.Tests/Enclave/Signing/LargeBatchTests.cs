using KeyMeld.Protocol;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Enclave.Rounds;
using KeyMeld.Wire.V1;

namespace KeyMeld.Tests.Enclave.Signing;

/// <summary>The largest batches through real enclave code. Every signature is verified as a client does.</summary>
public sealed class LargeBatchTests
{
    private const long Memory = 64L << 20;

    private readonly HostedEnclave[] _enclaves = HostedEnclave.Fleet(3);

    [Fact]
    public async Task Ten_thousand_items_of_many_subsets_tweaks_and_both_modes_are_all_signed_within_the_memory_budget()
    {
        Id16[] subsets = [Id16.Random(), Id16.Random(), Id16.Random()];
        var group = Group(subsets);
        var chains = Chains();
        // Every subset, every chain, in no order that a mix-up would survive.
        PublicKey[] points = [.. Enumerable.Range(0, 3).Select(_ => SecretKey.Generate().PublicKey)];
        SigningItem[] items =
        [
            .. Enumerable.Range(0, Limits.Items).Select(index => TestRequest.Item(index % 4 == 3 ? null : subsets[index % 4], chains[index / 4 % chains.Length]) with { Adaptor = IsAdaptor(index) ? points[index % 3] : null }),
        ];
        var driver = new Driver(new TestRequest(group, items), _enclaves) { Approvals = [] };

        var round1 = await driver.OpenAllAsync();
        Assert.All(_enclaves, enclave => Assert.InRange(enclave.Memory.Used, 1, Memory));
        var round2 = await driver.SignAllAsync(round1);
        var results = driver.Read(await driver.CombineAsync(1, round1, round2));

        Assert.Equal(items.Select(item => item.Item), results.Select(result => result.Item));
        Assert.All(results.Index(), result => Assert.Equal(IsAdaptor(result.Index) ? typeof(ItemResult.PreSigned) : typeof(ItemResult.Completed), result.Item.GetType()));
        Assert.All(_enclaves, enclave => Assert.InRange(enclave.Memory.Used, 1, Memory));
        // Seven ways for each of four parts, of which the terms' own is among the others for all but one.
        Assert.Equal(25, Enumerable.Range(0, items.Length).Select(index => driver.Request.Verified.KeysOf(index).OutputKey).Distinct().Count());
        // Every enclave made exactly its own members' nonces.
        var due = group.Members.Select((_, member) => items.Count(item => group.Roster.SignersOf(item.Subset).Contains(member))).ToList();
        Assert.Equal([due[0] + due[3], due[1] + due[4], due[2]], _enclaves.Select(enclave => (int)enclave.Counters.NoncesUsed));
    }

    [Fact]
    public async Task P05_one_bad_item_in_a_thousand_names_its_culprit_and_nothing_else_suffers()
    {
        Id16[] subsets = [Id16.Random(), Id16.Random(), Id16.Random()];
        var group = Group(subsets);
        SigningItem[] items = [.. Enumerable.Range(0, 1_000).Select(index => TestRequest.Item(subsets[index % 3]))];
        var driver = new Driver(new TestRequest(group, items), _enclaves) { Approvals = [] };
        // The third enclave hosts member 2 alone, who signs for every third item; it leaves out one nonce.
        var node = new MaliciousNode(driver, 2);
        const int Spoiled = 700;
        Assert.Contains(2, group.Roster.SignersOf(items[Spoiled].Subset));
        RoundBlob[] round1 = [await driver.OpenAsync(0), await driver.OpenAsync(1), node.Open(entries => [.. entries.Where(entry => entry.Item != items[Spoiled].Item)])];
        RoundBlob[] round2 = [await driver.SignAsync(0, round1), await driver.SignAsync(1, round1), node.Sign(round1, item => item != Spoiled, entries => entries)];

        var results = driver.Read(await driver.CombineAsync(0, round1, round2));

        Assert.Equal(new ItemResult.Failed(items[Spoiled].Item, ErrorCodes.NonceMissing, NodeId.Enclave(2)), results[Spoiled]);
        Assert.All(results.Where((_, index) => index != Spoiled), result => Assert.IsType<ItemResult.Completed>(result));
    }

    private static bool IsAdaptor(int index) => index % 5 == 2;

    private static TweakChain?[] Chains()
    {
        var tree = new ScriptTree.Branch(new ScriptTree.Leaf(0xc0, new byte[] { 0x51 }), new ScriptTree.Leaf(0xc0, new byte[] { 0x52, 0x53 }));
        return
        [
            null,
            TweakChain.Empty,
            new([new Tweak.Bip86()]),
            new([new Tweak.Taproot(tree)]),
            new([new Tweak.Plain(Hash32.Sha256("plain"u8))]),
            new([new Tweak.XOnly(Hash32.Sha256("xonly"u8)), new Tweak.Bip86()]),
            new([new Tweak.Plain(Hash32.Sha256("a"u8)), new Tweak.XOnly(Hash32.Sha256("b"u8)), new Tweak.Taproot(tree)]),
        ];
    }

    // Members 0 and 3 on the first enclave, 1 and 4 on the second, 2 on the third.
    private TestGroup Group(Id16[] subsets) => new(_enclaves, [.. new[] { 0, 1, 2, 0, 1 }.Select(enclave => new TestMember(enclave, approval: false))], new GroupShape
    {
        Unattended = true,
        Tweaks = new TweakChain([new Tweak.Bip86()]),
        Subsets = [new(subsets[0], [0, 3]), new(subsets[1], [1, 2, 4]), new(subsets[2], [0, 1])],
        SubsetTweaks = new Dictionary<Id16, TweakChain> { [subsets[1]] = new([new Tweak.Taproot(new ScriptTree.Leaf(0xc0, new byte[] { 0x51 }))]) },
    });
}
