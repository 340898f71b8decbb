using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Tests.Enclave.Rounds;
using KeyMeld.Wire.V1;

namespace KeyMeld.Tests.Enclave.Signing;

/// <summary>Enclave 1 is malicious, the others are not. Items 0, 1, 3, 4 are the whole group's, item 2 is a subset's without a member of enclave 1.</summary>
public sealed class BlameTests
{
    private const int Without = 2;
    private static readonly NodeId s_culprit = NodeId.Enclave(1);
    private readonly HostedEnclave[] _enclaves = HostedEnclave.Fleet(3);
    private readonly Id16 _subset = Id16.Random();

    public static TheoryData<string, string> Round1Attacks => new()
    {
        { "one entry missing", ErrorCodes.NonceMissing },
        { "no point", ErrorCodes.NonceInvalid },
        { "the point at infinity", ErrorCodes.NonceInvalid },
    };

    public static TheoryData<string> IllFormed1 => [
        "no CBOR", "empty", "empty array", "foreign item", "foreign signer", "item of the subset", "an entry twice", "misordered", "trailing bytes", "not encrypted", "of another attempt"];

    public static TheoryData<string, string> Round2Attacks => new()
    {
        { "wrong", ErrorCodes.PartialInvalid },
        { "no scalar", ErrorCodes.PartialInvalid },
        { "zero", ErrorCodes.PartialInvalid },
    };

    public static TheoryData<string> IllFormed2 => ["no CBOR", "empty array", "one missing", "one too many", "foreign item", "misordered", "of another boot"];

    [Theory]
    [MemberData(nameof(Round1Attacks))]
    public async Task P05_a_bad_nonce_fails_its_item_naming_the_culprit_and_the_others_complete(string attack, string code)
    {
        var driver = Driver();
        var node = new MaliciousNode(driver, 1);
        var round1 = await OpenAsync(driver, node.Open(entries => attack switch
        {
            "one entry missing" => [.. entries.Where((_, index) => index != 1)],
            "no point" => Changed(entries, 1, entry => entry with { Nonce = new byte[66] }),
            _ => Changed(entries, 1, entry => entry with { Nonce = entry.Nonce.ToArray().With(nonce => nonce.AsSpan(33).Clear()) }),
        }));
        var round2 = await SignAsync(driver, round1, node.Sign(round1, item => item != 1, entries => entries));
        AssertResults(await CombineEverywhereAsync(driver, round1, round2), code, failed: [1]);
        Assert.Equal((4UL, 1UL), (_enclaves[0].Counters.NoncesUsed, _enclaves[0].Counters.NoncesBurnt));
        await driver.AssertCanGoOnAsync(2);
    }

    [Theory]
    [MemberData(nameof(IllFormed1))]
    public async Task P05_an_ill_formed_round_1_blob_fails_its_nodes_items_and_the_others_complete(string attack)
    {
        var driver = Driver();
        var node = new MaliciousNode(driver, 1);
        var round1 = await OpenAsync(driver, attack switch
        {
            "no CBOR" => node.Round1([0xff, 0x00]),
            "empty" => node.Round1([]),
            "empty array" => node.Round1([0x80]),
            "foreign item" => node.Open(entries => Changed(entries, 1, entry => entry with { Item = Id16.Random() })),
            "foreign signer" => node.Open(entries => Changed(entries, 1, entry => entry with { Signer = 0 })),
            "item of the subset" => node.Open(entries => [.. entries[..2], entries[2] with { Item = driver.Request.Items[Without].Item }, .. entries[2..]]),
            "an entry twice" => node.Open(entries => [.. entries[..2], .. entries[1..]]),
            "misordered" => node.Open(entries => [entries[1], entries[0], .. entries[2..]]),
            "trailing bytes" => node.Round1([.. RoundEntries.Encode((Round1Entry[])[new(driver.Request.Items[0].Item, 1, new byte[66])]), 0]),
            "not encrypted" => node.Sealed1([1, 2, 3]),
            _ => node.Sealed1(new MaliciousNode(driver, 1, attempt: 2).Open(entries => entries).Blob.ToByteArray()),
        });
        var round2 = await SignAsync(driver, round1, node.Round2(round1, RoundEntries.Encode(Array.Empty<Round2Entry>())));
        AssertResults(await CombineEverywhereAsync(driver, round1, round2), ErrorCodes.RoundBlobInvalid, failed: [0, 1, 3, 4]);
        Assert.Equal((1UL, 4UL), (_enclaves[0].Counters.NoncesUsed, _enclaves[0].Counters.NoncesBurnt));
        await driver.AssertCanGoOnAsync(2);
    }

    [Theory]
    [MemberData(nameof(Round2Attacks))]
    public async Task P05_a_bad_partial_signature_fails_its_item_naming_the_culprit_and_the_others_complete(string attack, string code)
    {
        var driver = Driver();
        var node = new MaliciousNode(driver, 1);
        var round1 = await OpenAsync(driver, node.Open(entries => entries));
        var round2 = await SignAsync(driver, round1, node.Sign(round1, _ => true, entries => Changed(entries, 2, entry => entry with
        {
            Partial = attack switch
            {
                "wrong" => entries[3].Partial,
                "no scalar" => new Hash32(Enumerable.Repeat((byte)0xff, 32).ToArray()),
                _ => default,
            },
        })));
        AssertResults(await CombineEverywhereAsync(driver, round1, round2), code, failed: [3]);
        await driver.AssertCanGoOnAsync(2);
    }

    [Theory]
    [MemberData(nameof(IllFormed2))]
    public async Task P05_an_ill_formed_round_2_blob_fails_its_nodes_items_and_the_others_complete(string attack)
    {
        var driver = Driver();
        var node = new MaliciousNode(driver, 1);
        var round1 = await OpenAsync(driver, node.Open(entries => entries));
        if (attack == "of another boot")
        {
            node.Boot = Id16.Random();
        }
        var round2 = await SignAsync(driver, round1, attack switch
        {
            "no CBOR" => node.Round2(round1, [0xff]),
            "empty array" => node.Round2(round1, [0x80]),
            "one missing" => node.Sign(round1, _ => true, entries => entries[1..]),
            "one too many" => node.Sign(round1, _ => true, entries => [.. entries, entries[^1]]),
            "foreign item" => node.Sign(round1, _ => true, entries => Changed(entries, 0, entry => entry with { Item = Id16.Random() })),
            "misordered" => node.Sign(round1, _ => true, entries => [entries[1], entries[0], .. entries[2..]]),
            _ => node.Sign(round1, _ => true, entries => entries),
        });
        AssertResults(await CombineEverywhereAsync(driver, round1, round2), ErrorCodes.RoundBlobInvalid, failed: [0, 1, 3, 4]);
        await driver.AssertCanGoOnAsync(2);
    }

    [Fact]
    public async Task An_entry_for_a_left_out_item_in_round_2_is_ill_formed()
    {
        var driver = Driver();
        var node = new MaliciousNode(driver, 1);
        var round1 = await OpenAsync(driver, node.Open(entries => [.. entries.Skip(1)]));
        var extra = new Round2Entry(driver.Request.Items[0].Item, 1, default);
        var round2 = await SignAsync(driver, round1, node.Sign(round1, item => item != 0, entries => [extra, .. entries]));
        var results = await CombineEverywhereAsync(driver, round1, round2);
        var failures = results.OfType<ItemResult.Failed>().Select(failure => (failure.Error, failure.Node)).ToList();
        Assert.Equal([(ErrorCodes.NonceMissing, s_culprit), .. Enumerable.Repeat((ErrorCodes.RoundBlobInvalid, (NodeId?)s_culprit), 3)], failures);
    }

    [Fact]
    public async Task G20_a_node_that_shows_each_enclave_other_nonces_frames_nobody()
    {
        // Enclave 1 gives the gateway two valid blobs; enclaves 0 and 2 sign different sets. No set has answers of all nodes.
        var driver = Driver();
        var node = new MaliciousNode(driver, 1);
        var twin = new MaliciousNode(driver, 1);
        var first = await OpenAsync(driver, node.Open(entries => entries));
        RoundBlob[] second = [first[0], twin.Open(entries => entries), first[2]];
        RoundBlob[] round2 = [await driver.SignAsync(0, first), node.Sign(first, _ => true, entries => entries), await driver.SignAsync(2, second)];
        await Refused.WithAsync(ErrorCodes.RelayFault, () => driver.CombineAsync(0, first, round2));
        await Refused.WithAsync(ErrorCodes.RelayFault, () => driver.CombineAsync(0, second, round2));
        await driver.AssertCanGoOnAsync(2);
    }

    private static T[] Changed<T>(T[] entries, int index, Func<T, T> change) => [.. entries.Select((entry, at) => at == index ? change(entry) : entry)];

    private static void AssertResults(IReadOnlyList<ItemResult> results, string code, int[] failed)
    {
        foreach (var (index, result) in results.Index())
        {
            if (failed.Contains(index))
            {
                var failure = Assert.IsType<ItemResult.Failed>(result);
                Assert.Equal((code, s_culprit), (failure.Error, failure.Node));
            }
            else
            {
                Assert.IsType<ItemResult.Completed>(result);
            }
        }
    }

    // The honest enclaves that signed, the malicious one's own process, and one that only combines: all must come to the same result.
    private static async Task<IReadOnlyList<ItemResult>> CombineEverywhereAsync(Driver driver, RoundBlob[] round1, RoundBlob[] round2)
    {
        var results = driver.Read(await driver.CombineAsync(0, round1, round2));
        Assert.Equal(results, driver.Read(await driver.CombineAsync(1, round1, round2)));
        Assert.Equal(results, driver.Read(await driver.CombineAsync(2, round1, round2)));
        using var fresh = driver.Enclaves[0].Again();
        Assert.Equal(results, driver.Read(await fresh.Signing.CombineAsync(driver.CombineCall(0, round1, round2), TestContext.Current.CancellationToken)));
        return results;
    }

    private static async Task<RoundBlob[]> OpenAsync(Driver driver, RoundBlob malicious) => [await driver.OpenAsync(0), malicious, await driver.OpenAsync(2)];

    private static async Task<RoundBlob[]> SignAsync(Driver driver, RoundBlob[] round1, RoundBlob malicious) =>
        [await driver.SignAsync(0, round1), malicious, await driver.SignAsync(2, round1)];

    private Driver Driver()
    {
        var group = new TestGroup(_enclaves, [new(0), new(1), new(2)], new GroupShape { Subsets = [new(_subset, [0, 2])] });
        var items = TestRequest.Messages(5);
        items[Without] = TestRequest.Item(_subset);
        return new Driver(new TestRequest(group, items), _enclaves);
    }
}
