using System.Numerics;
using System.Security.Cryptography;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Secp256k1.Oracle;
using static KeyMeld.Tests.Secp256k1.Oracle.Curve;

namespace KeyMeld.Tests.Secp256k1;

/// <summary>Adaptor signatures; against the managed oracle see <see cref="OracleComparisonTests"/>.</summary>
public sealed class PreSignatureTests : IDisposable
{
    private readonly SecretKey _secret = SecretKey.Generate();
    private readonly byte[] _message = SigningGroup.Fresh32();

    public void Dispose() => _secret.Dispose();

    [Fact]
    public void Groups_of_one_to_five_with_and_without_tweaks_make_pre_signatures_that_only_the_secret_completes()
    {
        var seen = new HashSet<(bool OddNonce, bool OddKey)>();
        for (var i = 0; i < 120; i++)
        {
            using var group = new SigningGroup(1 + (i % 5));
            group.Aggregation = (i % 4) switch
            {
                0 => group.Aggregation,
                1 => group.Aggregation.WithPlainTweak(SigningGroup.Fresh32()),
                2 => group.Aggregation.WithXOnlyTweak(SigningGroup.Fresh32()),
                _ => group.Aggregation.WithPlainTweak(SigningGroup.Fresh32()).WithXOnlyTweak(SigningGroup.Fresh32()),
            };
            using var secret = SecretKey.Generate();
            var pre = PreSign(group, _message, secret.PublicKey);
            var key = group.Aggregation.OutputKey;
            Assert.True(pre.TryVerify(key, _message, secret.PublicKey, out var verified));
            Assert.False(key.Verify(_message, SchnorrSignature.Parse(pre.Bytes)));
            var signature = verified.Adapt(secret);
            Assert.True(key.Verify(_message, signature));
            Assert.True(verified.TryExtract(signature, out var extracted));
            Assert.Equal(secret.PublicKey, extracted.PublicKey);
            extracted.Dispose();
            seen.Add((verified.HasOddNonce, group.Aggregation.AggregateKey.Bytes[0] == 3));

            // The other parity: subtracted where it should have been added.
            var (s, t) = (Int(pre.Scalar), Int(Exported(secret)));
            var wrong = verified.HasOddNonce ? s + t : s + N - t;
            Assert.False(key.Verify(_message, SchnorrSignature.Parse([.. pre.FinalNonceX, .. Bytes32(Mod(wrong, N))])));
        }
        Assert.Equal(4, seen.Count);
    }

    [Fact]
    public void Another_point_message_key_or_byte_does_not_verify()
    {
        using var group = new SigningGroup(2);
        using var other = new SigningGroup(2);
        var pre = PreSign(group, _message, _secret.PublicKey);
        var key = group.Aggregation.OutputKey;
        Assert.True(pre.Verify(key, _message, _secret.PublicKey));
        Assert.False(pre.Verify(key, _message, other.Keys[0].PublicKey));
        Assert.False(pre.Verify(key, SigningGroup.Fresh32(), _secret.PublicKey));
        Assert.False(pre.Verify(other.Aggregation.OutputKey, _message, _secret.PublicKey));
        for (var i = 0; i < PreSignature.Size; i++)
        {
            var changed = pre.Bytes.ToArray();
            changed[i] ^= 1;
            Assert.False(PreSignature.TryParse(changed, out var read) && read.Verify(key, _message, _secret.PublicKey), $"byte {i}");
        }
        Assert.Throws<ArgumentException>(() => pre.Verify(key, new byte[31], _secret.PublicKey));
        // A finished signature is no pre-signature.
        Assert.False(PreSignature.Parse(group.Keys[0].SignSchnorr(_message).Bytes).Verify(group.Keys[0].XOnlyPublicKey, _message, _secret.PublicKey));
    }

    [Fact]
    public void Of_a_point_and_its_negative_the_secrets_complete_the_same_signature_and_the_parity_tells_them_apart()
    {
        using var group = new SigningGroup(2);
        var verified = Verified(group, _secret.PublicKey);
        using var negative = SecretKey.Import(Bytes32(N - Int(Exported(_secret))));
        Assert.True(verified.PreSignature.TryVerify(group.Aggregation.OutputKey, _message, negative.PublicKey, out var other));
        Assert.NotEqual(verified.HasOddNonce, other.HasOddNonce);
        Assert.Equal(verified.Adapt(_secret), other.Adapt(negative));
        Assert.Throws<CryptographicException>(() => verified.Adapt(negative));
        // The form with the nonce says which of the two it is.
        Assert.False(VerifiedPreSignature.TryParseNonceForm(verified.ToNonceForm(), group.Aggregation.OutputKey, _message, negative.PublicKey, out _));
    }

    [Fact]
    public void Bytes_that_are_no_pre_signature_are_refused()
    {
        using var group = new SigningGroup(2);
        var pre = PreSign(group, _message, _secret.PublicKey).Bytes.ToArray();
        var noPoint = Enumerable.Range(1, 100).Select(x => Bytes32(x)).First(x => Decompress([2, .. x]) is null);
        byte[][] bad = [[], pre[..63], [.. pre, 0], [.. pre[..32], .. Bytes32(N)], [.. pre[..32], .. Enumerable.Repeat((byte)0xff, 32)], [.. noPoint, .. pre[32..]], [.. Bytes32(P), .. pre[32..]]];
        Assert.All(bad, bytes => Assert.False(PreSignature.TryParse(bytes, out _)));
        Assert.All(bad, bytes => Assert.Throws<CryptographicException>(() => PreSignature.Parse(bytes)));
    }

    [Fact]
    public void Only_the_secret_of_the_point_adapts_and_only_the_signature_made_of_it_reveals_that()
    {
        using var group = new SigningGroup(3);
        using var other = SecretKey.Generate();
        var verified = Verified(group, _secret.PublicKey);
        Assert.Throws<CryptographicException>(() => verified.Adapt(other));
        var signature = verified.Adapt(_secret);
        Assert.Equal(signature, verified.Adapt(_secret));

        var (session, nonces) = group.Start(_message);
        var unrelated = session.Aggregate([.. nonces.Zip(group.Keys, session.Sign)]);
        Assert.True(group.Aggregation.OutputKey.Verify(_message, unrelated));
        Assert.False(verified.TryExtract(unrelated, out _));
        Assert.False(verified.TryExtract(SchnorrSignature.Parse(verified.PreSignature.Bytes), out _));
        Assert.False(verified.TryExtract(SchnorrSignature.Parse([.. signature.Bytes[..32], .. Bytes32(N)]), out _));
        Assert.False(verified.TryExtract(SchnorrSignature.Parse([.. signature.Bytes[..63], (byte)(signature.Bytes[63] ^ 1)]), out _));
        Assert.True(verified.TryExtract(signature, out var secret));
        Assert.Equal(Exported(_secret), Exported(secret));
        secret.Dispose();
    }

    [Fact]
    public void Each_of_several_points_gives_a_pre_signature_of_its_own_and_their_sum_needs_all_secrets()
    {
        using var group = new SigningGroup(2);
        SecretKey[] secrets = [.. Enumerable.Range(0, 5).Select(_ => SecretKey.Generate())];
        var sum = PublicKey.Combine([.. secrets.Select(secret => secret.PublicKey)]);
        var verified = Verified(group, sum);
        using (var all = SecretKey.Sum(secrets))
        {
            Assert.Equal(sum, all.PublicKey);
            Assert.True(group.Aggregation.OutputKey.Verify(_message, verified.Adapt(all)));
            Assert.Equal(verified.Adapt(all), verified.Adapt(secrets));
        }
        Assert.Throws<CryptographicException>(() => verified.Adapt(secrets[..4]));
        Assert.Throws<CryptographicException>(() => verified.Adapt(secrets[0]));
        using var negative = SecretKey.Import(Bytes32(N - Int(Exported(secrets[0]))));
        Assert.Throws<CryptographicException>(() => SecretKey.Sum([secrets[0], negative]));
        Assert.Throws<ArgumentException>(() => SecretKey.Sum([]));
        Array.ForEach(secrets, secret => secret.Dispose());
    }

    [Fact]
    public void The_form_with_the_nonce_alone_goes_there_and_back_and_says_the_same()
    {
        for (var i = 0; i < 40; i++)
        {
            using var group = new SigningGroup(2);
            var verified = Verified(group, _secret.PublicKey);
            var key = group.Aggregation.OutputKey;
            var form = verified.ToNonceForm();
            // What other libraries verify: s'·G = ±R + e·P with R = R' − T, the sign that of R + T's y.
            var final = Add(Decompress(form.AsSpan(0, 33))!, Decompress(_secret.PublicKey.Bytes)!)!;
            Assert.Equal(verified.HasOddNonce, !final.HasEvenY);
            Assert.Equal(Convert.ToHexStringLower(Bytes32(final.X)), Convert.ToHexStringLower(verified.PreSignature.FinalNonceX));

            Assert.True(VerifiedPreSignature.TryParseNonceForm(form, key, _message, _secret.PublicKey, out var read));
            Assert.Equal(verified.PreSignature, read.PreSignature);
            Assert.Equal(verified.HasOddNonce, read.HasOddNonce);
            byte[][] bad = [form[..64], [.. form, 0], [(byte)(form[0] ^ 1), .. form[1..]], [4, .. form[1..]], [.. form[..64], (byte)(form[64] ^ 1)], [.. form[..33], .. Bytes32(N)]];
            Assert.All(bad, bytes => Assert.False(VerifiedPreSignature.TryParseNonceForm(bytes, key, _message, _secret.PublicKey, out _)));
            Assert.False(VerifiedPreSignature.TryParseNonceForm(form, key, SigningGroup.Fresh32(), _secret.PublicKey, out _));
        }
    }

    [Fact]
    public void A_zero_scalar_is_a_pre_signature_like_any_other()
    {
        // s' = 0 and T = R + e·P, with known k and d: t = k + e·d, for a nonce and a key with even y.
        var (k, r) = Even(0);
        var (d, p) = Even(1);
        var key = XOnlyPublicKey.Parse(Bytes32(p.X));
        var e = Mod(Int(TaggedHash("BIP0340/challenge", Bytes32(r.X), key.Bytes.ToArray(), _message)), N);
        using var secret = SecretKey.Import(Bytes32(Mod(k + (e * d), N)));
        var pre = PreSignature.Parse([.. Bytes32(r.X), .. new byte[32]]);
        Assert.True(pre.TryVerify(key, _message, secret.PublicKey, out var verified));
        Assert.False(verified.HasOddNonce);
        var signature = verified.Adapt(secret);
        Assert.True(key.Verify(_message, signature));
        Assert.True(verified.TryExtract(signature, out var extracted));
        Assert.Equal(Exported(secret), Exported(extracted));
        extracted.Dispose();
    }

    [Fact]
    public void A_point_that_cancels_the_first_nonce_still_gives_a_pre_signature_that_its_secret_completes()
    {
        var key = Bytes32(N / 5);
        using var signer = SecretKey.Import(key);
        var @case = new GroupCase([new Signer(key, SigningGroup.Fresh32(), new byte[32])], [], Sorted: false, _message);
        var aggregation = @case.Aggregate([signer]);
        var (_, context) = @case.AggregateByOracle();
        var k1 = Int(@case.NonceByOracle(@case.Signers[0], context).SecNonce.AsSpan(0, 32));
        using var secret = SecretKey.Import(Bytes32(N - k1));
        var nonce = @case.Nonce(@case.Signers[0], signer, aggregation);
        var folded = AggregateNonce.Aggregate([nonce.PublicNonce]).WithAdaptor(secret.PublicKey);
        Assert.Equal(new byte[33], folded.Bytes[..33].ToArray());
        var session = SigningSession.Create(folded, _message, aggregation);
        var pre = PreSignature.Parse(session.Aggregate([session.SignAndVerify(nonce, signer)]).Bytes);
        Assert.True(pre.TryVerify(aggregation.OutputKey, _message, secret.PublicKey, out var verified));
        Assert.True(aggregation.OutputKey.Verify(_message, verified.Adapt(secret)));
    }

    [Fact]
    public void The_point_of_a_signature_is_known_before_it_is_given_and_its_scalar_is_the_secret()
    {
        for (var i = 0; i < 20; i++)
        {
            using var oracle = SecretKey.Generate();
            var later = oracle.SignSchnorr(_message);
            var point = AnticipatedSignature.Point(oracle.XOnlyPublicKey, XOnlyPublicKey.Parse(later.Bytes[..32]), _message);
            using var secret = AnticipatedSignature.Secret(later);
            Assert.Equal(point, secret.PublicKey);
            Assert.NotEqual(point, AnticipatedSignature.Point(oracle.XOnlyPublicKey, XOnlyPublicKey.Parse(later.Bytes[..32]), "another outcome"u8));
        }
    }

    [Fact]
    public void Challenges_over_the_group_order_are_reduced()
    {
        byte[][] numbers = [new byte[32], Bytes32(1), Bytes32(N - 1), Bytes32(N), Bytes32(N + 1), Bytes32((BigInteger.One << 256) - 1), Bytes32(N + (BigInteger.One << 127))];
        Assert.All(numbers, number =>
        {
            var reduced = number.ToArray();
            Scalars.Reduce(reduced);
            Assert.Equal(Mod(Int(number), N), Int(reduced));
            Assert.Equal(Int(number) < N, Scalars.IsInRange(number));
        });
    }

    [Fact]
    public void A_disposed_secret_adapts_nothing()
    {
        using var group = new SigningGroup(2);
        var secret = SecretKey.Generate();
        var verified = Verified(group, secret.PublicKey);
        secret.Dispose();
        Assert.Throws<ObjectDisposedException>(() => verified.Adapt(secret));
        Assert.Throws<ObjectDisposedException>(() => SecretKey.Sum([secret, _secret]));
        Assert.Throws<ObjectDisposedException>(() => SecretKey.Sum([_secret, secret]));
    }

    private static PreSignature PreSign(SigningGroup group, byte[] message, PublicKey point)
    {
        var (session, nonces) = group.Start(message, point);
        return PreSignature.Parse(session.Aggregate([.. nonces.Zip(group.Keys, session.SignAndVerify)]).Bytes);
    }

    private VerifiedPreSignature Verified(SigningGroup group, PublicKey point)
    {
        Assert.True(PreSign(group, _message, point).TryVerify(group.Aggregation.OutputKey, _message, point, out var verified));
        return verified;
    }

    private static byte[] Exported(SecretKey key)
    {
        using var secret = key.Export();
        return secret.Span.ToArray();
    }

    // A scalar whose point has an even y.
    private static (BigInteger Scalar, Point Point) Even(byte seed)
    {
        var scalar = Mod(Int(SHA256.HashData([seed])), N);
        var point = Multiply(G, scalar)!;
        return point.HasEvenY ? (scalar, point) : (N - scalar, Negate(point)!);
    }
}
