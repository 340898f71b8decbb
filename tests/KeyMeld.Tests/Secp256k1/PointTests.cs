using System.Security.Cryptography;
using CsCheck;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Secp256k1.Oracle;
using static KeyMeld.Tests.Secp256k1.Oracle.Curve;

namespace KeyMeld.Tests.Secp256k1;

/// <summary>Parsing of points and the arithmetic outside MuSig2, against the oracle.</summary>
public class PointTests
{
    private static readonly byte[] s_fieldSize = Bytes32(P);

    // x coordinates: random ones (half of them are on the curve), and values around the field size.
    private static readonly Gen<byte[]> s_x = Gen.Frequency(
        (9, Gen.Byte.Array[32]), (1, Gen.Int[-3, 5].Select(offset => Bytes32(P + offset))));

    [Fact]
    public void Compressed_keys_parse_exactly_where_the_oracle_finds_a_point() =>
        Gen.Select(Gen.Frequency((9, Gen.OneOf<byte>(2, 3)), (1, Gen.Byte)), s_x).Sample(
            (prefix, x) =>
            {
                byte[] bytes = [prefix, .. x];
                var point = Decompress(bytes);
                Assert.Equal(point is not null, PublicKey.TryParse(bytes, out var key));
                Assert.Equal(point is not null, PublicNonce.TryParse([.. bytes, .. Compress(G)], out _));
                Assert.Equal(point is not null, AggregateNonce.TryParse([.. Compress(G), .. bytes], out _));
                if (point is null)
                    return;
                Assert.Equal(bytes, key!.Bytes.ToArray());
                Assert.Equal(Bytes32(point.X), key.ToXOnly().Bytes.ToArray());
                var uncompressed = new byte[65];
                key.WriteUncompressed(uncompressed);
                Assert.Equal([4, .. Bytes32(point.X), .. Bytes32(point.Y)], uncompressed);
                Assert.True(PublicKey.TryParseUncompressed(uncompressed, out var again) && again == key);
            },
            iter: 1000);

    [Fact]
    public void X_only_keys_parse_exactly_where_the_oracle_lifts_x() =>
        s_x.Sample(x => Assert.Equal(LiftX(Int(x)) is not null, XOnlyPublicKey.TryParse(x, out _)), iter: 1000);

    [Theory]
    [InlineData(0)]
    [InlineData(32)]
    [InlineData(34)]
    [InlineData(65)]
    [InlineData(66)]
    public void Other_lengths_do_not_parse(int length)
    {
        using var key = SecretKey.Generate();
        var bytes = new byte[length];
        key.PublicKey.Bytes[..Math.Min(33, length)].CopyTo(bytes);
        Assert.False(PublicKey.TryParse(bytes, out _));
        Assert.Throws<CryptographicException>(() => PublicKey.Parse(bytes));
        Assert.False(PublicNonce.TryParse(bytes.AsSpan(0, Math.Min(length, 65)), out _));
        Assert.False(SchnorrSignature.TryParse(bytes, out _));
        Assert.False(XOnlyPublicKey.TryParse([.. bytes, 0], out _));
        Assert.False(PartialSignature.TryParse([.. bytes, 0], out _));
    }

    [Theory]
    [InlineData(0x02)]
    [InlineData(0x05)]
    [InlineData(0x06)]
    [InlineData(0x07)]
    public void Hybrid_and_other_prefixes_are_not_uncompressed_keys(byte prefix)
    {
        using var key = SecretKey.Generate();
        var bytes = new byte[65];
        key.PublicKey.WriteUncompressed(bytes);
        Assert.True(PublicKey.TryParseUncompressed(bytes, out _));
        bytes[0] = prefix;
        Assert.False(PublicKey.TryParseUncompressed(bytes, out _));
        Assert.False(PublicKey.TryParse(bytes, out _));
    }

    [Fact]
    public void A_point_off_the_curve_does_not_parse()
    {
        using var key = SecretKey.Generate();
        var bytes = new byte[65];
        key.PublicKey.WriteUncompressed(bytes);
        bytes[64] ^= 1;
        Assert.False(PublicKey.TryParseUncompressed(bytes, out _));
    }

    [Fact]
    public void Sums_tweaks_and_shared_secrets_are_the_oracles() =>
        Gen.Select(GroupCase.Scalar, GroupCase.Scalar).Sample(
            (a, b) =>
            {
                using var first = SecretKey.Import(a);
                using var second = SecretKey.Import(b);
                var (p, q) = (Multiply(G, Int(a))!, Multiply(G, Int(b))!);
                Assert.Equal(Compress(p), first.PublicKey.Bytes.ToArray());
                Assert.Equal(Bytes32(p.X), first.XOnlyPublicKey.Bytes.ToArray());
                var sum = Add(p, q);
                Assert.Equal(sum is not null, PublicKey.TryCombine([first.PublicKey, second.PublicKey], out var combined));
                Assert.Equal(sum is null ? null : Convert.ToHexStringLower(Compress(sum)), combined?.ToString());
                using var shared = first.SharedX(second.PublicKey);
                Assert.Equal(Bytes32(Multiply(q, Int(a))!.X), shared.Span.ToArray());
                if (Add(LiftX(p.X), q) is { } tweaked)
                    Assert.Equal(Compress(tweaked), first.XOnlyPublicKey.WithTweak(b).Bytes.ToArray());
            },
            iter: 300);

    [Fact]
    public void A_key_and_its_negation_do_not_combine()
    {
        using var key = SecretKey.Generate();
        byte[] negated = [(byte)(key.PublicKey.Bytes[0] ^ 1), .. key.PublicKey.Bytes[1..]];
        Assert.Throws<CryptographicException>(() => PublicKey.Combine([key.PublicKey, PublicKey.Parse(negated)]));
        Assert.Throws<ArgumentException>(() => PublicKey.Combine([]));
    }

    [Fact]
    public void A_tweak_at_or_above_the_group_order_is_refused()
    {
        using var key = SecretKey.Generate();
        Assert.Throws<CryptographicException>(() => key.XOnlyPublicKey.WithTweak(Bytes32(N)));
        Assert.Throws<CryptographicException>(() => key.XOnlyPublicKey.WithTweak(s_fieldSize));
        Assert.Throws<ArgumentException>(() => key.XOnlyPublicKey.WithTweak(new byte[31]));
    }

    [Fact]
    public void Values_are_equal_by_content_and_print_as_lower_case_hex()
    {
        using var key = SecretKey.Generate();
        var copy = PublicKey.Parse(key.PublicKey.Bytes);
        Assert.NotSame(copy, key.PublicKey);
        Assert.True(copy == key.PublicKey && copy.Equals((object)key.PublicKey) && copy.GetHashCode() == key.PublicKey.GetHashCode());
        using var other = SecretKey.Generate();
        Assert.True(copy != other.PublicKey);
        Assert.Equal(Convert.ToHexStringLower(copy.Bytes), copy.ToString());
        Assert.Equal(0, PublicKey.Compare(copy, key.PublicKey));
        Assert.Equal(Math.Sign(copy.Bytes.SequenceCompareTo(other.PublicKey.Bytes)), Math.Sign(PublicKey.Compare(copy, other.PublicKey)));
    }
}
