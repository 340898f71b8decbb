using Google.Protobuf;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Rounds;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Enclave.Rounds;
using KeyMeld.Wire.V1;

namespace KeyMeld.Tests.Enclave.Signing;

/// <summary>Items with adaptors in the rounds. Every result is read as a client reads it: each pre-signature verified with the client's own keys and the item's point.</summary>
public sealed class AdaptorTests : IDisposable
{
    private readonly HostedEnclave[] _enclaves = HostedEnclave.Fleet(3);
    private readonly SecretKey[] _secrets = [.. Enumerable.Range(0, 4).Select(_ => SecretKey.Generate())];

    private PublicKey[] Points => [.. _secrets.Select(secret => secret.PublicKey)];

    public void Dispose()
    {
        Array.ForEach(_enclaves, enclave => enclave.Dispose());
        Array.ForEach(_secrets, secret => secret.Dispose());
    }

    [Fact]
    public async Task Single_and_or_and_plain_items_of_group_and_subset_complete_in_one_batch()
    {
        var pair = Id16.Random();
        var group = new TestGroup(_enclaves, [new(0), new(1), new(2)], new GroupShape { Subsets = [new(pair, [0, 2])], Tweaks = new TweakChain([new Tweak.Bip86()]) });
        var signing = Id16.Random();
        var one = TestRequest.Item() with { Adaptor = Points[0] };
        SigningItem[] items =
        [
            one,
            .. Points.Select(point => one with { Item = Id16.Random(), Message = Hash32.Sha256("any of"u8), Adaptor = point }),
            And(group, signing, TestRequest.Item(tweaks: TweakChain.Empty)),
            TestRequest.Item(),
            TestRequest.Item(pair) with { Adaptor = Points[1] },
            And(group, signing, TestRequest.Item(pair)),
        ];
        var results = await new Driver(new TestRequest(group, items, signing: signing), _enclaves).RunAsync(combineAt: 2);

        Assert.IsType<ItemResult.Completed>(results[6]);
        foreach (var (index, secret) in (IEnumerable<(int, SecretKey)>)[(0, _secrets[0]), .. Enumerable.Range(0, 4).Select(i => (i + 1, _secrets[i])), (7, _secrets[1])])
        {
            AssertOpens(results[index], [secret]);
        }
        AssertOpens(results[5], _secrets);
        AssertOpens(results[8], _secrets);
        // Any-of: a secret opens its own pre-signature and no other.
        Assert.Throws<System.Security.Cryptography.CryptographicException>(() => Verified(results[2]).Adapt(_secrets[0]));
        Assert.Equal(9, results.Select(result => result is ItemResult.PreSigned pre ? pre.PreSignature : ((ItemResult.Completed)result).Signature).Select(signature => Convert.ToHexString(signature.Bytes[..32])).Distinct().Count());
    }

    [Fact]
    public async Task P01_the_nonces_of_three_hundred_adaptor_items_over_repeated_messages_are_all_distinct()
    {
        var group = new TestGroup(_enclaves, [new(0), new(1), new(2)]);
        var points = Enumerable.Range(0, 150).Select(_ => SecretKey.Generate()).ToArray();
        // One message for all, each point twice: once over it, once over that of its neighbour, too.
        SigningItem[] items = [.. Enumerable.Range(0, 300).Select(index => TestRequest.Item() with { Message = Hash32.Sha256([(byte)(index % 2)]), Adaptor = points[index / 2].PublicKey })];
        var driver = new Driver(new TestRequest(group, items), _enclaves);
        var first = await driver.OpenAllAsync(1);
        var second = await driver.OpenAllAsync(2);
        var halves = first.Concat(second).SelectMany(blob => Nonces(driver, blob)).SelectMany(nonce => (string[])[nonce[..66], nonce[66..]]).ToList();
        Assert.Equal(2 * 2 * 900, halves.Count);
        Assert.Equal(halves.Count, halves.Distinct().Count());

        var round2 = await driver.SignAllAsync(second, 2);
        var results = driver.Read(await driver.CombineAsync(1, second, round2, 2));
        Assert.Equal(300, results.Select(result => Convert.ToHexString(Verified(result).PreSignature.FinalNonceX)).Distinct().Count());
        foreach (var (index, result) in results.Index())
        {
            AssertOpens(result, [points[index / 2]]);
        }
        Array.ForEach(points, point => point.Dispose());
    }

    [Fact]
    public async Task P01_an_item_id_given_twice_is_refused_before_any_nonce_is_made()
    {
        var group = new TestGroup(_enclaves, [new(0), new(1), new(2)]);
        var signing = Id16.Random();
        var item = TestRequest.Item() with { Adaptor = Points[0] };
        var other = item with { Adaptor = Points[1] };
        byte[] twice = [0x82, .. SigningItems.Encode([item])[1..], .. SigningItems.Encode([other])[1..]];
        var wire = group.Cipher.Encrypt(Purposes.SigningItems, Aad.SigningItems(group.RosterHash, signing), twice);
        var driver = new Driver(new TestRequest(group, [item, other with { Item = Id16.Random() }], signing: signing, change: request => request with { Sealed = Hash32.Sha256(wire) }), _enclaves);
        var open = driver.OpenCall(0).With(call => call.Items = ByteString.CopyFrom(wire));
        await Refused.WithAsync(ErrorCodes.ItemsInvalid, () => _enclaves[0].Signing.OpenAsync(open, TestContext.Current.CancellationToken));
        Assert.Equal((0, 0UL), (_enclaves[0].Signing.Remembered, _enclaves[0].Counters.NoncesIssued));
        AssertOpens((await new Driver(new TestRequest(group, [item]), _enclaves).RunAsync())[0], [_secrets[0]]);
    }

    [Fact]
    public async Task P04_points_without_every_proof_are_refused_before_any_nonce_is_made()
    {
        var group = new TestGroup(_enclaves, [new(0), new(1), new(2)]);
        var signing = Id16.Random();
        var honest = And(group, signing, TestRequest.Item());
        using var last = SecretKey.Generate();
        // The last to choose: x·G − the others' points, so that x alone would complete. It has no proof of that point, only of x.
        var others = PublicKey.Combine(Points);
        var cancelling = PublicKey.Combine([last.PublicKey, PublicKey.Parse((byte[])[(byte)(others.Bytes[0] ^ 1), .. others.Bytes[1..]])]);
        PublicKey[] points = [.. Points, cancelling];
        var cancelled = honest with { Adaptor = last.PublicKey, Points = [.. points.Select((point, i) => new AdaptorPoint(point, (i < 4 ? _secrets[i] : last).SignSchnorr(AdaptorProof.Digest(group.RosterHash, signing, honest.Item, i, points).Bytes)))] };
        SigningItem[] attacks =
        [
            cancelled,
            honest with { Points = [.. honest.Points.Take(3), honest.Points[3] with { Proof = honest.Points[2].Proof }] },
            And(group, Id16.Random(), honest),
            And(group, signing, honest) with { Item = Id16.Random() },
            And(new TestGroup(_enclaves, [new(0), new(1), new(2)]), signing, honest),
        ];
        foreach (var attack in attacks)
        {
            await Refused.WithAsync(ErrorCodes.ItemsInvalid, () => new Driver(new TestRequest(group, [attack], signing: signing), _enclaves).OpenAsync(0));
        }
        Assert.Equal((0, 0UL), (_enclaves[0].Signing.Remembered, _enclaves[0].Counters.NoncesIssued));
        AssertOpens((await new Driver(new TestRequest(group, [honest], signing: signing), _enclaves).RunAsync())[0], _secrets);
    }

    [Theory]
    [InlineData("wrong")]
    [InlineData("the secret added")]
    [InlineData("without the point")]
    [InlineData("zero")]
    public async Task P05_a_bad_partial_of_an_adaptor_item_names_the_culprit_and_the_others_complete(string attack)
    {
        var (driver, node) = Malicious();
        RoundBlob[] round1 = [await driver.OpenAsync(0), node.Open(entries => entries), await driver.OpenAsync(2)];
        var plainSession = attack == "without the point";
        RoundBlob[] round2 =
        [
            await driver.SignAsync(0, round1),
            node.Sign(round1, _ => true, entries => [entries[0], entries[1] with { Partial = attack switch
            {
                "wrong" => entries[2].Partial,
                "the secret added" => Added(entries[1].Partial, _secrets[1]),
                "zero" => default,
                _ => entries[1].Partial,
            } }, .. entries[2..]], foldsAdaptor: item => !plainSession || item != 1),
            await driver.SignAsync(2, round1),
        ];
        foreach (var at in (int[])[0, 1, 2])
        {
            var results = driver.Read(await driver.CombineAsync(at, round1, round2));
            Assert.Equal(new ItemResult.Failed(driver.Request.Items[1].Item, ErrorCodes.PartialInvalid, NodeId.Enclave(1)), results[1]);
            AssertOpens(results[0], [_secrets[0]]);
            AssertOpens(results[2], [_secrets[2]]);
            AssertOpens(results[3], [_secrets[3]]);
        }
        Assert.All(await driver.RunAsync(attempt: 2), (result, index) => AssertOpens(result, [_secrets[index]]));
    }

    [Fact]
    public async Task P05_a_nonce_made_to_cancel_the_others_and_the_point_is_its_nodes_fault()
    {
        var (driver, node) = Malicious();
        var (first, third) = (await driver.OpenAsync(0), await driver.OpenAsync(2));
        var others = Nonces(driver, first).Zip(Nonces(driver, third)).ToList();
        var round1 = (RoundBlob[])[first, node.Open(entries => [.. entries.Select((entry, index) => entry with
        {
            Nonce = (byte[])[.. Cancelling(others[index].First[..66], others[index].Second[..66], Points[index]), .. Cancelling(others[index].First[66..], others[index].Second[66..])],
        })]), third];
        var answers = (RoundBlob[])[await driver.SignAsync(0, round1), node.Round2(round1, RoundEntries.Encode([.. driver.Request.Items.Select(item => new Round2Entry(item.Item, 1, Hash32.Sha256(item.Item.Bytes)))])), await driver.SignAsync(2, round1)];
        var results = driver.Read(await driver.CombineAsync(0, round1, answers));
        Assert.All(results, result => Assert.Equal((ErrorCodes.PartialInvalid, (NodeId?)NodeId.Enclave(1)), (Assert.IsType<ItemResult.Failed>(result).Error, ((ItemResult.Failed)result).Node)));
        Assert.All(await driver.RunAsync(attempt: 2), (result, index) => AssertOpens(result, [_secrets[index]]));
    }

    [Fact]
    public async Task G08_a_second_sign_of_adaptor_items_with_other_nonces_is_refused()
    {
        var (driver, _) = Malicious();
        using var clone = _enclaves[1].Again();
        var first = await driver.OpenAllAsync();
        RoundBlob[] second = [first[0], await clone.Signing.OpenAsync(driver.OpenCall(1), TestContext.Current.CancellationToken), first[2]];
        var answer = await driver.SignAsync(0, first);
        await Refused.WithAsync(ErrorCodes.NonceAlreadyUsed, () => driver.SignAsync(0, second));
        Assert.Equal(answer, await driver.SignAsync(0, first));
        Assert.Equal((4UL, 1UL), (_enclaves[0].Counters.NoncesUsed, _enclaves[0].Counters.NonceReuseRefused));
        Assert.All(await driver.RunAsync(attempt: 2), (result, index) => AssertOpens(result, [_secrets[index]]));
    }

    [Fact]
    public async Task P08_a_point_chosen_after_the_nonces_makes_another_request_with_other_nonces()
    {
        var group = new TestGroup(_enclaves, [new(0), new(1), new(2)]);
        var (signing, item) = (Id16.Random(), TestRequest.Item() with { Adaptor = Points[0] });
        var driver = new Driver(new TestRequest(group, [item], signing: signing), _enclaves);
        var round1 = await driver.OpenAllAsync();
        // Everything equal but T, which is added, changed, negated or left out after the nonces were seen.
        var negated = PublicKey.Parse((byte[])[(byte)(Points[0].Bytes[0] ^ 1), .. Points[0].Bytes[1..]]);
        foreach (var point in (PublicKey?[])[Points[1], negated, null])
        {
            var later = new Driver(new TestRequest(group, [item with { Adaptor = point }], signing: signing), _enclaves);
            Assert.NotEqual(driver.Request.Digest, later.Request.Digest);
            await Refused.WithAsync(ErrorCodes.NotLoaded, () => later.SignAsync(0, round1));
            var opened = await later.OpenAllAsync();
            Assert.Empty(round1.SelectMany(blob => Nonces(driver, blob)).Intersect(opened.SelectMany(blob => Nonces(later, blob))));
            await Refused.WithAsync(ErrorCodes.RelayFault, () => later.SignAsync(0, [opened[0], round1[1], opened[2]]));
            await Refused.WithAsync(ErrorCodes.RelayFault, () => later.SignAsync(0, round1));
        }
        var round2 = await driver.SignAllAsync(round1);
        AssertOpens(driver.Read(await driver.CombineAsync(0, round1, round2))[0], [_secrets[0]]);
    }

    [Fact]
    public void The_point_goes_into_the_nonce()
    {
        var context = new NonceContext(Hash32.Sha256([1]), 1, Id16.Random());
        PublicKey?[] points = [null, .. Points];
        Assert.Equal(5, points.Select(point => context.ExtraInput(0, 0, null, default, point)).Distinct().Count());
    }

    private (Driver Driver, MaliciousNode Node) Malicious()
    {
        var group = new TestGroup(_enclaves, [new(0), new(1), new(2)]);
        var driver = new Driver(new TestRequest(group, [.. Points.Select(point => TestRequest.Item() with { Adaptor = point })]), _enclaves);
        return (driver, new MaliciousNode(driver, 1));
    }

    private SigningItem And(TestGroup group, Id16 signing, SigningItem item) => item with
    {
        Adaptor = PublicKey.Combine(Points),
        Points = [.. _secrets.Select((secret, i) => new AdaptorPoint(secret.PublicKey, secret.SignSchnorr(AdaptorProof.Digest(group.RosterHash, signing, item.Item, i, Points).Bytes)))],
    };

    private static VerifiedPreSignature Verified(ItemResult result) => Assert.IsType<ItemResult.PreSigned>(result).Verified!;

    private static void AssertOpens(ItemResult result, IReadOnlyList<SecretKey> secrets)
    {
        var verified = Verified(result);
        var signature = verified.Adapt(secrets);
        Assert.True(verified.Key.Verify(verified.Message, signature));
        Assert.True(verified.TryExtract(signature, out var extracted));
        Assert.Equal(verified.Point, extracted.PublicKey);
        extracted.Dispose();
    }

    private static IEnumerable<string> Nonces(Driver driver, RoundBlob blob)
    {
        var envelope = Driver.Envelope(blob);
        var aad = Aad.Round1(driver.Group.RosterHash, driver.Request.Digest, envelope.Attempt, envelope.Node);
        Assert.True(driver.Group.Cipher.TryDecrypt(Purposes.Round1, aad, envelope.Blob.Span, out var plaintext));
        return RoundEntries.ParseRound1(plaintext).Select(entry => Convert.ToHexString(entry.Nonce.Span)).ToArray();
    }

    private static byte[] Cancelling(string first, string second, params PublicKey[] more)
    {
        var sum = PublicKey.Combine([PublicKey.Parse(Convert.FromHexString(first)), PublicKey.Parse(Convert.FromHexString(second)), .. more]);
        return [(byte)(sum.Bytes[0] ^ 1), .. sum.Bytes[1..]];
    }

    private static Hash32 Added(Hash32 partial, SecretKey secret)
    {
        using var scalar = SecretKey.Import(partial.Bytes);
        using var sum = SecretKey.Sum([scalar, secret]);
        using var bytes = sum.Export();
        return new Hash32(bytes.Span);
    }
}
