using CsCheck;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Secp256k1.Oracle;

namespace KeyMeld.Tests.Secp256k1;

public class TaggedHashTests
{
    private static readonly Gen<byte[]> s_data = Gen.Byte.Array[0, 600];

    [Fact]
    public void It_is_the_hash_of_the_tag_twice_and_the_parts() =>
        Gen.Select(Gen.OneOf("TapTweak", "KeyMeld/v1/manifest", "ü"), s_data, s_data).Sample((tag, a, b) =>
        {
            var expected = Curve.TaggedHash(tag, a, b);
            Assert.Equal(expected, TaggedHash.Compute(tag, a, b));
            Assert.Equal(expected, TaggedHash.Compute(tag, [.. a, .. b]));
            Span<byte> written = stackalloc byte[32];
            TaggedHash.Compute(tag, a, b, written);
            Assert.True(written.SequenceEqual(expected));
            TaggedHash.Compute(tag, b, written);
            Assert.True(written.SequenceEqual(Curve.TaggedHash(tag, b)));
        });

    [Fact]
    public void The_destination_has_exactly_32_bytes() =>
        Assert.All([0, 31, 33], length => Assert.Throws<ArgumentException>(() => TaggedHash.Compute("tag", [], [], new byte[length])));
}
