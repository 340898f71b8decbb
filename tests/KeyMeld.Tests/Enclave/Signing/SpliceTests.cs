using Google.Protobuf;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Protocol.Statements;
using KeyMeld.Tests.Enclave.Rounds;
using KeyMeld.Wire.V1;

namespace KeyMeld.Tests.Enclave.Signing;

/// <summary>The gateway mixes genuine ciphertexts and blobs.</summary>
public sealed class SpliceTests
{
    private readonly HostedEnclave[] _enclaves = HostedEnclave.Fleet(3);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task G07_the_items_of_another_request_are_refused()
    {
        var group = Group();
        var driver = new Driver(new TestRequest(group, TestRequest.Messages(2)), _enclaves);
        var lastWeek = new TestRequest(group, TestRequest.Messages(2));
        byte[][] others = [lastWeek.SealedItems, [], driver.Request.ItemsOnWire.Flipped().ToByteArray(), group.SealedTerms];
        foreach (var items in others)
        {
            await Refused.WithAsync(ErrorCodes.ItemsInvalid, () => _enclaves[0].Signing.OpenAsync(driver.OpenCall(0).With(call => call.Items = ByteString.CopyFrom(items)), Cancellation));
        }
        Assert.Equal(0UL, _enclaves[0].Counters.NoncesIssued);

        // Nor once it is open, and not to combine.
        var round1 = await driver.OpenAllAsync();
        var round2 = await driver.SignAllAsync(round1);
        foreach (var items in others)
        {
            await Refused.WithAsync(ErrorCodes.ItemsInvalid, () => _enclaves[0].Signing.OpenAsync(driver.OpenCall(0).With(call => call.Items = ByteString.CopyFrom(items)), Cancellation));
            await Refused.WithAsync(ErrorCodes.ItemsInvalid, () => _enclaves[0].Signing.CombineAsync(driver.CombineCall(0, round1, round2).With(call => call.Items = ByteString.CopyFrom(items)), Cancellation));
        }
        Completed(driver, await driver.CombineAsync(0, round1, round2));
    }

    [Fact]
    public async Task G07_items_that_a_request_names_but_that_were_sealed_for_another_do_not_open()
    {
        // A requester without the secret, or with another group's, commits to a ciphertext it found.
        var group = Group();
        var found = new TestRequest(group, TestRequest.Messages(1));
        var thief = new TestRequest(group, TestRequest.Messages(1), change: request => request with { Sealed = Hash32.Sha256(found.SealedItems) });
        var driver = new Driver(thief, _enclaves);
        await Refused.WithAsync(ErrorCodes.ItemsInvalid, () => _enclaves[0].Signing.OpenAsync(driver.OpenCall(0).With(call => call.Items = found.ItemsOnWire), Cancellation));
        await new Driver(found, _enclaves).AssertCanGoOnAsync(1);
    }

    [Fact]
    public async Task G07_a_request_that_contradicts_its_items_is_refused()
    {
        var pair = Id16.Random();
        var group = new TestGroup(_enclaves, [new(0), new(1), new(2)], new GroupShape { Subsets = [new(pair, [0, 1])] });
        (string Code, SigningItem[] Items, Func<SigningRequest, SigningRequest>? Change)[] wrong =
        [
            (ErrorCodes.RequestInvalid, TestRequest.Messages(2), request => request with { Items = 1 }),
            (ErrorCodes.RequestInvalid, TestRequest.Messages(2), request => request with { Items = 3 }),
            (ErrorCodes.RequestInvalid, TestRequest.Messages(1), request => request with { Signers = [0, 1] }),
            (ErrorCodes.RequestInvalid, [TestRequest.Item(pair)], request => request with { Signers = [0, 1, 2] }),
            (ErrorCodes.RequestInvalid, [TestRequest.Item(pair)], request => request with { By = 99 }),
            (ErrorCodes.RosterMismatch, TestRequest.Messages(1), request => request with { Roster = Hash32.Sha256("another"u8) }),
        ];
        foreach (var (code, items, change) in wrong)
        {
            await Refused.WithAsync(code, () => new Driver(new TestRequest(group, items, change: change), _enclaves).OpenAsync(0));
        }
        Assert.Equal((0UL, 0), (_enclaves[0].Counters.NoncesIssued, _enclaves[0].Signing.Remembered));
    }

    [Fact]
    public async Task G07_an_item_of_an_unknown_subset_or_with_an_impossible_tweak_is_refused()
    {
        var group = Group();
        var zero = TestRequest.Item(tweaks: new TweakChain([new Tweak.Plain(new Hash32(Enumerable.Repeat((byte)0xff, 32).ToArray()))]));
        await Refused.WithAsync(ErrorCodes.ItemsInvalid, () => new Driver(new TestRequest(group, [zero]), _enclaves).OpenAsync(0));
        var stranger = new TestRequest(group, TestRequest.Messages(1), reseal: items => [items[0] with { Subset = Id16.Random() }]);
        await Refused.WithAsync(ErrorCodes.ItemsInvalid, () => new Driver(stranger, _enclaves).OpenAsync(0));
    }

    [Fact]
    public async Task G07_round_blobs_of_another_request_attempt_or_enclave_are_relay_faults()
    {
        var group = Group();
        var driver = new Driver(new TestRequest(group, TestRequest.Messages(2)), _enclaves);
        var other = new Driver(new TestRequest(group, driver.Request.Items), _enclaves); // the same items under another signing id
        var stale = await driver.OpenAllAsync(1);
        var foreign = await other.OpenAllAsync(2);
        var round1 = await driver.OpenAllAsync(2);

        RoundBlob[][] sets =
        [
            [round1[0], stale[1], round1[2]],
            [round1[0], stale[1].Clone().With(blob => blob.Attempt = 2), round1[2]],
            [round1[0], foreign[1], round1[2]],
            [round1[0], round1[2], round1[1]],
            [round1[0], round1[2].Clone().With(blob => blob.NodeIndex = 1), round1[2]],
            [round1[0], round1[1]],
            [round1[0], round1[1], round1[1]],
            [round1[0], round1[1], round1[2], round1[2]],
            [],
            [round1[0], round1[1].Clone().With(blob => blob.Blob = blob.Blob.Flipped()), round1[2]],
            [round1[0], round1[1].Clone().With(blob => blob.Signature = blob.Signature.Flipped()), round1[2]],
            [round1[0], round1[1].Clone().With(blob => blob.Signature = ByteString.Empty), round1[2]],
            [round1[0], round1[1].Clone().With(blob => blob.Boot = blob.Boot.Flipped()), round1[2]],
            [round1[0], round1[1].Clone().With(blob => blob.Tau = driver.Request.Digest.ToWire()), round1[2]],
            [round1[0], round1[1].Clone().With(blob => blob.NodeKind = 1), round1[2]],
            [round1[0], round1[1].Clone().With(blob => blob.NodeKind = 2), round1[2]],
            [round1[0].Clone().With(blob => blob.Blob = blob.Blob.Flipped()), round1[1], round1[2]], // its own blob, altered
            [round1[0].Clone().With(blob => blob.Signature = stale[0].Signature), round1[1], round1[2]],
            [stale[0].Clone().With(blob => blob.Attempt = 2), round1[1], round1[2]],
        ];
        foreach (var set in sets)
        {
            await Refused.WithAsync(ErrorCodes.RelayFault, () => driver.SignAsync(0, set, 2));
        }
        Assert.Equal((0UL, 0UL), (_enclaves[0].Counters.NoncesUsed, _enclaves[0].Counters.NonceReuseRefused));

        // The nonces are still there for the true set.
        var round2 = await driver.SignAllAsync(round1, 2);
        Completed(driver, await driver.CombineAsync(0, round1, round2, 2));
    }

    [Fact]
    public async Task G20_round_2_blobs_mixed_replayed_or_altered_are_relay_faults_and_name_nobody()
    {
        var group = Group();
        var driver = new Driver(new TestRequest(group, TestRequest.Messages(2)), _enclaves);
        var stale1 = await driver.OpenAllAsync(1);
        var stale2 = await driver.SignAllAsync(stale1, 1);
        var round1 = await driver.OpenAllAsync(2);
        var round2 = await driver.SignAllAsync(round1, 2);

        RoundBlob[][] sets =
        [
            [round2[0], stale2[1], round2[2]],
            [round2[0], stale2[1].Clone().With(blob => (blob.Attempt, blob.Tau) = (2, round2[1].Tau)), round2[2]],
            [round2[0], round2[1]],
            [round2[1], round2[0], round2[2]],
            [round2[0], round2[1].Clone().With(blob => blob.Blob = blob.Blob.Flipped()), round2[2]],
            [round2[0], round2[1].Clone().With(blob => blob.Tau = ByteString.Empty), round2[2]],
            [round2[0], round1[1], round2[2]],
        ];
        foreach (var set in sets)
        {
            await Refused.WithAsync(ErrorCodes.RelayFault, () => driver.CombineAsync(0, round1, set, 2));
        }
        await Refused.WithAsync(ErrorCodes.RelayFault, () => driver.CombineAsync(0, stale1, round2, 2));
        await Refused.WithAsync(ErrorCodes.RelayFault, () => driver.CombineAsync(0, [round1[0], round1[1], stale1[2]], round2, 2));
        Completed(driver, await driver.CombineAsync(0, round1, round2, 2));
    }

    [Fact]
    public async Task G20_an_enclave_that_verified_a_round_1_set_when_it_signed_combines_no_other_with_the_same_content()
    {
        var driver = new Driver(new TestRequest(Group(), TestRequest.Messages(2)), _enclaves);
        var stale = await driver.OpenAllAsync(1);
        var round1 = await driver.OpenAllAsync(2);
        var round2 = await driver.SignAllAsync(round1, 2);

        // τ names the content of the blobs and nothing else of them: it is the same in all of these.
        Action<RoundBlob>[] alterations =
        [
            blob => blob.Signature = blob.Signature.Flipped(),
            blob => blob.Signature = stale[1].Signature,
            blob => blob.Boot = blob.Boot.Flipped(),
            blob => blob.Attempt = 1,
            blob => blob.Tau = driver.Request.Digest.ToWire(),
            blob => blob.NodeIndex = 2,
            blob => blob.NodeKind = 1,
        ];
        foreach (var alter in alterations)
        {
            for (var node = 0; node < round1.Length; node++)
            {
                RoundBlob[] set = [.. round1];
                set[node] = round1[node].Clone().With(alter);
                if (!set[node].Equals(round1[node]))
                {
                    await Refused.WithAsync(ErrorCodes.RelayFault, () => driver.CombineAsync(0, set, round2, 2));
                }
            }
            RoundBlob[] own = [round2[0].Clone().With(alter), round2[1], round2[2]];
            await Refused.WithAsync(ErrorCodes.RelayFault, () => driver.CombineAsync(0, round1, own, 2));
        }
        Completed(driver, await driver.CombineAsync(0, round1, round2, 2));
        Completed(driver, await driver.CombineAsync(1, round1, round2, 2));
    }

    [Fact]
    public async Task G11_a_result_that_the_gateway_altered_or_took_from_another_request_is_refused_by_the_client()
    {
        var group = Group();
        var driver = new Driver(new TestRequest(group, TestRequest.Messages(1)), _enclaves);
        var other = new Driver(new TestRequest(group, driver.Request.Items), _enclaves);
        var round1 = await driver.OpenAllAsync();
        var result = await driver.CombineAsync(1, round1, await driver.SignAllAsync(round1));
        var foreign1 = await other.OpenAllAsync();
        var foreign = await other.CombineAsync(1, foreign1, await other.SignAllAsync(foreign1));
        Completed(driver, result);
        foreach (var altered in (RoundBlob[])[foreign, result.Clone().With(blob => blob.Blob = blob.Blob.Flipped()), result.Clone().With(blob => blob.NodeIndex = 0)])
        {
            Assert.Equal(ErrorCodes.RelayFault, Assert.Throws<KeyMeldException>(() => driver.Read(altered)).Code);
        }
    }

    [Fact]
    public async Task Messages_and_signatures_leave_the_enclave_only_encrypted()
    {
        var group = Group();
        var driver = new Driver(new TestRequest(group, TestRequest.Messages(3)), _enclaves);
        var round1 = await driver.OpenAllAsync();
        var round2 = await driver.SignAllAsync(round1);
        var result = await driver.CombineAsync(0, round1, round2);
        var seen = round1.Concat(round2).Append(result).SelectMany(blob => blob.ToByteArray()).ToArray();
        foreach (var (item, completed) in driver.Request.Items.Zip(driver.Read(result).Cast<ItemResult.Completed>()))
        {
            Assert.Equal(-1, seen.AsSpan().IndexOf(item.Message.Bytes));
            Assert.Equal(-1, seen.AsSpan().IndexOf(completed.Signature.Bytes[..32]));
        }
        Assert.True(group.Cipher.TryDecrypt(Purposes.Result, Aad.Result(group.RosterHash, driver.Request.Digest), result.Blob.Span, out _));
    }

    private static void Completed(Driver driver, RoundBlob result) => Assert.All(driver.Read(result), item => Assert.IsType<ItemResult.Completed>(item));

    private TestGroup Group() => new(_enclaves, [new(0), new(1), new(2)]);
}
