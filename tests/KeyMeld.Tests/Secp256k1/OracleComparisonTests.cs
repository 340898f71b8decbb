using System.Numerics;
using CsCheck;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Secp256k1.Oracle;
using static KeyMeld.Tests.Secp256k1.Oracle.Curve;
using Reference = KeyMeld.Tests.Secp256k1.Oracle.Bip327;

namespace KeyMeld.Tests.Secp256k1;

/// <summary>
/// The library and the BigInteger transliteration of BIP-327 given the same secrets and randomness: every intermediate value has to be equal. More cases:
/// set CsCheck_Iter.
/// </summary>
public class OracleComparisonTests
{
    private const int Groups = 1500;
    private const int Adaptors = 500;

    [Fact]
    public void Random_groups_tweak_chains_and_key_orders_give_the_same_keys_nonces_shares_and_signatures() =>
        GroupCase.Random.Sample(
            @case =>
            {
                var keys = @case.Signers.Select(signer => SecretKey.Import(signer.Secret)).ToArray();
                var (oracleKeys, context) = @case.AggregateByOracle();
                var aggregation = @case.Aggregate(keys);
                Equal(Compress(context.Q), aggregation.AggregateKey.Bytes);
                Equal(context.XBytes, aggregation.OutputKey.Bytes);

                var nonces = @case.Signers.Zip(keys, (signer, key) => @case.Nonce(signer, key, aggregation)).ToArray();
                var oracleNonces = @case.Signers.Select(signer => @case.NonceByOracle(signer, context)).ToArray();
                Assert.All(nonces.Zip(oracleNonces), pair => Equal(pair.Second.PubNonce, pair.First.PublicNonce.Bytes));

                var aggregate = AggregateNonce.Aggregate([.. nonces.Select(nonce => nonce.PublicNonce)]);
                Equal(Reference.NonceAgg([.. oracleNonces.Select(nonce => nonce.PubNonce)]), aggregate.Bytes);

                var session = SigningSession.Create(aggregate, @case.Message, aggregation);
                var oracleSession = @case.Session(oracleKeys, context, aggregate.Bytes.ToArray());
                var partials = nonces.Zip(keys, session.Sign).ToArray();
                byte[][] oraclePartials = [.. oracleNonces.Zip(@case.Signers, (nonce, signer) => Reference.Sign(nonce.SecNonce, signer.Secret, oracleSession))];
                Assert.All(partials.Zip(oraclePartials), pair => Equal(pair.Second, pair.First.Bytes));
                Assert.All(partials.Index(), partial => Assert.True(
                    session.VerifyPartial(partial.Item, nonces[partial.Index].PublicNonce, keys[partial.Index].PublicKey)));

                var signature = session.Aggregate(partials);
                Equal(Reference.PartialSigAgg(oraclePartials, oracleSession), signature.Bytes);
                Equal(signature.Bytes[..32], session.FinalNonceX);
                Assert.True(aggregation.OutputKey.Verify(@case.Message, signature));
                Assert.All(keys, key => key.Dispose());
            },
            iter: Groups);

    [Fact]
    public void An_adaptor_point_folded_into_the_nonce_gives_the_oracles_shares_and_a_pre_signature_that_its_secret_completes() =>
        Gen.Select(GroupCase.Random, GroupCase.Scalar).Sample(
            (@case, secret) =>
            {
                var t = Int(secret);
                var keys = @case.Signers.Select(signer => SecretKey.Import(signer.Secret)).ToArray();
                var (oracleKeys, context) = @case.AggregateByOracle();
                var aggregation = @case.Aggregate(keys);
                var nonces = @case.Signers.Zip(keys, (signer, key) => @case.Nonce(signer, key, aggregation)).ToArray();
                var oracleNonces = @case.Signers.Select(signer => @case.NonceByOracle(signer, context)).ToArray();

                var plain = AggregateNonce.Aggregate([.. nonces.Select(nonce => nonce.PublicNonce)]);
                var point = Multiply(G, t)!;
                var aggregate = plain.WithAdaptor(PublicKey.Parse(Compress(point)));
                Equal([.. CompressExtended(Add(Decompress(plain.Bytes[..33]), point)), .. plain.Bytes[33..]], aggregate.Bytes);

                var session = SigningSession.Create(aggregate, @case.Message, aggregation);
                var oracleSession = @case.Session(oracleKeys, context, aggregate.Bytes.ToArray());
                var partials = nonces.Zip(keys, session.SignAndVerify).ToArray();
                Assert.All(partials.Index(), partial => Equal(
                    Reference.Sign(oracleNonces[partial.Index].SecNonce, @case.Signers[partial.Index].Secret, oracleSession), partial.Item.Bytes));

                var pre = session.Aggregate(partials);
                Assert.False(aggregation.OutputKey.Verify(@case.Message, pre));
                Assert.True(PreSignature.Parse(pre.Bytes).TryVerify(aggregation.OutputKey, @case.Message, PublicKey.Parse(Compress(point)), out var verified));
                Assert.Equal(!oracleSession.Values.R.HasEvenY, verified.HasOddNonce);
                var sign = oracleSession.Values.R.HasEvenY ? BigInteger.One : N - 1;
                var completed = SchnorrSignature.Parse([.. pre.Bytes[..32], .. Bytes32(Mod(Int(pre.Bytes[32..]) + (sign * t), N))]);
                Assert.True(aggregation.OutputKey.Verify(@case.Message, completed));
                Assert.Equal(t, Mod(sign * (Int(completed.Bytes[32..]) - Int(pre.Bytes[32..])), N));

                using var key = SecretKey.Import(secret);
                Assert.Equal(completed, verified.Adapt(key));
                Assert.True(verified.TryExtract(completed, out var extracted));
                using var scalar = extracted.Export();
                extracted.Dispose();
                Equal(secret, scalar.Span);
                Equal([.. Compress(Add(oracleSession.Values.R, Negate(point))!), .. pre.Bytes[32..]], verified.ToNonceForm());
            },
            iter: Adaptors);

    [Fact]
    public void Sorted_lists_aggregate_alike_whatever_order_the_keys_arrive_in() =>
        Gen.Select(GroupCase.Scalar.Array[2, 6], Gen.Int).Sample(
            (secrets, seed) =>
            {
                var keys = secrets.Select(secret => PublicKey.Parse(Reference.IndividualPubKey(secret))).ToArray();
                PublicKey[] rotated = [.. keys.Skip(seed & 1), .. keys.Take(seed & 1)];
                PublicKey[] shuffled = [.. rotated.OrderBy(key => BitConverter.ToInt32(key.Bytes[1..]) ^ seed)];
                var expected = KeyAggregation.Aggregate(KeyAggregation.Sort(keys));
                Assert.Equal(expected.AggregateKey, KeyAggregation.Aggregate(KeyAggregation.Sort(shuffled)).AggregateKey);
                Equal(Compress(Reference.KeyAgg([.. shuffled.Select(key => key.Bytes.ToArray())]).Q), KeyAggregation.Aggregate(shuffled).AggregateKey.Bytes);
            },
            iter: 300);

    [Fact]
    public void An_adaptor_point_that_cancels_the_first_nonce_leaves_infinity_and_one_added_to_infinity_leaves_the_point()
    {
        using var group = new SigningGroup(2);
        var nonces = group.Keys.Select(key => group.Nonce(key, new byte[32]).PublicNonce).ToArray();
        var plain = AggregateNonce.Aggregate(nonces);
        var first = plain.Bytes[..33].ToArray();
        byte[] negated = [(byte)(first[0] ^ 1), .. first[1..]];
        var cancelled = plain.WithAdaptor(PublicKey.Parse(negated));
        Equal([.. new byte[33], .. plain.Bytes[33..]], cancelled.Bytes);
        Assert.Equal(plain, cancelled.WithAdaptor(PublicKey.Parse(first)));
    }

    private static void Equal(ReadOnlySpan<byte> expected, ReadOnlySpan<byte> actual) =>
        Assert.Equal(Convert.ToHexStringLower(expected), Convert.ToHexStringLower(actual));
}
