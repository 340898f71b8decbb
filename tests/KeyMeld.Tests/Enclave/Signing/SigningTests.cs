using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Enclave.Rounds;

namespace KeyMeld.Tests.Enclave.Signing;

/// <summary>What has to work. Every result is read as a client reads it: each signature verified with the client's own keys.</summary>
public sealed class SigningTests
{
    private readonly HostedEnclave[] _enclaves = HostedEnclave.Fleet(3);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(300)]
    public async Task Three_members_on_three_enclaves_sign_a_batch(int items)
    {
        var driver = new Driver(new TestRequest(Group(), TestRequest.Messages(items)), _enclaves);
        var results = await driver.RunAsync();
        Assert.Equal(items, results.Count);
        AllCompleted(results);
        foreach (var enclave in _enclaves)
        {
            Assert.Equal(((ulong)items, (ulong)items, 0UL), (enclave.Counters.NoncesIssued, enclave.Counters.NoncesUsed, enclave.Counters.NoncesBurnt));
        }
    }

    [Fact]
    public async Task Five_members_sign_with_subsets_and_every_kind_of_tweak()
    {
        Id16 plain = Id16.Random(), pair = Id16.Random(), four = Id16.Random();
        var script = new ScriptTree.Branch(new ScriptTree.Leaf(0xc0, new byte[] { 0x51 }), new ScriptTree.Branch(new ScriptTree.Leaf(0xc0, new byte[] { 0x52, 0x53 }), new ScriptTree.Leaf(0xc2, new byte[] { 0x54 })));
        TweakChain[] chains =
        [
            TweakChain.Empty,
            new([new Tweak.Bip86()]),
            new([new Tweak.Taproot(script)]),
            new([new Tweak.Plain(Scalar())]),
            new([new Tweak.XOnly(Scalar())]),
            new([new Tweak.Plain(Scalar()), new Tweak.XOnly(Scalar()), new Tweak.Plain(Scalar()), new Tweak.Taproot(script)]),
            new([.. Enumerable.Range(0, 8).Select(index => index % 2 == 0 ? (Tweak)new Tweak.XOnly(Scalar()) : new Tweak.Plain(Scalar()))]),
        ];
        var group = new TestGroup(_enclaves, [new(0), new(1), new(2), new(0), new(1)], new GroupShape
        {
            Subsets = [new(plain, [0, 1, 2]), new(pair, [3, 4]), new(four, [0, 2, 3, 4])],
            Tweaks = chains[1],
            SubsetTweaks = new Dictionary<Id16, TweakChain> { [pair] = chains[2], [four] = chains[5] },
        });
        Id16?[] subsets = [null, plain, pair, four];
        SigningItem[] items = [.. subsets.SelectMany(subset => chains.Prepend(null).Select(chain => TestRequest.Item(subset, chain)))];
        var driver = new Driver(new TestRequest(group, items), _enclaves);

        var results = await driver.RunAsync();

        AllCompleted(results);
        // The key is the whole group's without a subset, and tweaks are the item's own where it has any: all outputs differ but those of equal chains.
        var keys = items.Select((_, index) => driver.Request.Verified.KeysOf(index).OutputKey).Distinct().Count();
        Assert.Equal((subsets.Length * (chains.Length + 1)) - 4, keys);
    }

    [Fact]
    public async Task A_subset_signs_without_the_enclaves_of_the_others()
    {
        var pair = Id16.Random();
        var group = new TestGroup(_enclaves, [new(0), new(1), new(2)], new GroupShape { Subsets = [new(pair, [0, 2])] });
        var driver = new Driver(new TestRequest(group, [TestRequest.Item(pair)]), _enclaves);
        Assert.Equal([0, 2], driver.Nodes);
        AllCompleted(await driver.RunAsync(combineAt: 1));
        Assert.Equal(0UL, _enclaves[1].Counters.NoncesIssued);
    }

    [Fact]
    public async Task Any_enclave_combines_with_and_without_having_signed_and_after_a_restart()
    {
        var driver = new Driver(new TestRequest(Group(), TestRequest.Messages(20)), _enclaves);
        var round1 = await driver.OpenAllAsync();
        var round2 = await driver.SignAllAsync(round1);
        var expected = driver.Read(await driver.CombineAsync(0, round1, round2));
        AllCompleted(expected);
        Assert.Equal(expected, driver.Read(await driver.CombineAsync(0, round1, round2)));
        Assert.Equal(expected, driver.Read(await driver.CombineAsync(1, round1, round2)));
        driver.Restart(2);
        Assert.Equal(expected, driver.Read(await driver.CombineAsync(2, round1, round2)));
    }

    [Fact]
    public async Task Combine_does_not_check_time()
    {
        var driver = new Driver(new TestRequest(Group(), TestRequest.Messages(3)), _enclaves);
        var round1 = await driver.OpenAllAsync();
        var round2 = await driver.SignAllAsync(round1);
        _enclaves[0].Clock.Advance(TimeSpan.FromDays(30));
        AllCompleted(driver.Read(await driver.CombineAsync(0, round1, round2)));
    }

    [Fact]
    public async Task Equal_calls_get_equal_bytes()
    {
        var driver = new Driver(new TestRequest(Group(), TestRequest.Messages(5)), _enclaves);
        var round1 = await driver.OpenAllAsync();
        Assert.Equal(round1, await driver.OpenAllAsync());
        var round2 = await driver.SignAllAsync(round1);
        Assert.Equal(round2, await driver.SignAllAsync(round1));
        Assert.Equal(round1, await driver.OpenAllAsync());
        Assert.Equal(5UL, _enclaves[0].Counters.NoncesIssued);
        AllCompleted(driver.Read(await driver.CombineAsync(1, round1, round2)));
    }

    [Fact]
    public async Task A_higher_attempt_has_fresh_nonces_and_completes()
    {
        var driver = new Driver(new TestRequest(Group(), TestRequest.Messages(5)), _enclaves);
        var first = await driver.OpenAllAsync(1);
        var second = await driver.OpenAllAsync(4);
        Assert.Empty(first.Select(blob => blob.Blob).Intersect(second.Select(blob => blob.Blob)));
        Assert.Equal(5UL, _enclaves[0].Counters.NoncesBurnt);
        var round2 = await driver.SignAllAsync(second, 4);
        AllCompleted(driver.Read(await driver.CombineAsync(1, second, round2, 4)));
    }

    [Fact]
    public async Task The_creator_requests_where_the_manifest_says_so()
    {
        var group = new TestGroup(_enclaves, [new(0), new(1), new(2)], new GroupShape { CreatorRequests = true });
        AllCompleted(await new Driver(new TestRequest(group, TestRequest.Messages(1), by: null), _enclaves).RunAsync());
    }

    [Fact]
    public async Task An_unattended_group_of_members_who_need_not_be_asked_signs_without_approvals()
    {
        var group = new TestGroup(_enclaves, [new(0, approval: false), new(1, approval: false), new(2, approval: false)], new GroupShape { Unattended = true });
        AllCompleted(await new Driver(new TestRequest(group, TestRequest.Messages(1)), _enclaves) { Approvals = [] }.RunAsync());
    }

    [Fact]
    public async Task Many_requests_of_one_group_run_at_once()
    {
        var group = Group();
        await Task.WhenAll(Enumerable.Range(0, 12).Select(index => Task.Run(async () =>
            AllCompleted(await new Driver(new TestRequest(group, TestRequest.Messages(20), by: index % 3), _enclaves).RunAsync(combineAt: index % 3)))));
        Assert.Equal(1UL, _enclaves[0].Counters.GroupsLoaded);
    }

    [Fact]
    public async Task The_group_comes_along_only_where_it_is_not_in_memory()
    {
        var driver = new Driver(new TestRequest(Group(), TestRequest.Messages(1)), _enclaves);
        await Refused.WithAsync(KeyMeld.Protocol.Errors.ErrorCodes.NotLoaded, () => _enclaves[0].Signing.OpenAsync(driver.OpenCall(0, bundle: false), Cancellation));
        var opened = await driver.OpenAsync(0);
        Assert.Equal(opened, await _enclaves[0].Signing.OpenAsync(driver.OpenCall(0, bundle: false), Cancellation));
    }

    [Fact]
    public async Task A_cancelled_call_changes_nothing()
    {
        var driver = new Driver(new TestRequest(Group(), TestRequest.Messages(200)), _enclaves);
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _enclaves[0].Signing.OpenAsync(driver.OpenCall(0), cancelled.Token));
        Assert.Equal(0UL, _enclaves[0].Counters.NoncesIssued);
        var round1 = await driver.OpenAllAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _enclaves[0].Signing.SignAsync(driver.SignCall(0, round1), cancelled.Token));
        Assert.Equal(0UL, _enclaves[0].Counters.NoncesUsed + _enclaves[0].Counters.NoncesBurnt);
        var round2 = await driver.SignAllAsync(round1);
        driver.Restart(0);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _enclaves[0].Signing.CombineAsync(driver.CombineCall(0, round1, round2), cancelled.Token));
        AllCompleted(driver.Read(await driver.CombineAsync(0, round1, round2)));
    }

    private static void AllCompleted(IReadOnlyList<ItemResult> results) => Assert.All(results, result => Assert.IsType<ItemResult.Completed>(result));

    private static Hash32 Scalar()
    {
        using var scalar = SecretBytes.Random(32);
        scalar.Writable[0] = 0; // surely below the group order
        return new Hash32(scalar.Span);
    }

    private TestGroup Group() => new(_enclaves, [new(0), new(1), new(2)]);
}
