using System.Reflection;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Secp256k1.Oracle;

namespace KeyMeld.Tests.Secp256k1;

public class SecretKeyTests
{
    private static readonly byte[] s_digest = SHA256.HashData("digest"u8);

    [Fact]
    public void Zero_the_group_order_and_anything_above_are_no_keys()
    {
        byte[][] invalid = [new byte[32], Curve.Bytes32(Curve.N), Curve.Bytes32(Curve.N + 1), [.. Enumerable.Repeat((byte)0xff, 32)]];
        Assert.All(invalid, bytes => Assert.False(SecretKey.TryImport(bytes, out _)));
        Assert.All(invalid, bytes => Assert.Throws<CryptographicException>(() => SecretKey.Import(bytes)));
        Assert.True(SecretKey.TryImport(Curve.Bytes32(Curve.N - 1), out var largest));
        largest.Dispose();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(31)]
    [InlineData(33)]
    public void A_secret_of_another_length_is_no_key(int length)
    {
        var bytes = new byte[length];
        bytes.AsSpan().Fill(1);
        Assert.False(SecretKey.TryImport(bytes, out _));
    }

    [Fact]
    public void An_exported_key_is_the_imported_one()
    {
        var secret = Curve.Bytes32(Curve.N / 3);
        using var key = SecretKey.Import(secret);
        using var copy = key.Export();
        var written = new byte[32];
        key.Export(written);
        Assert.Equal(secret, written);
        Assert.Equal(secret, copy.Span.ToArray());
        Assert.Throws<ArgumentException>(() => key.Export(new byte[31]));
    }

    [Fact]
    public void Generated_keys_differ()
    {
        using var first = SecretKey.Generate();
        using var second = SecretKey.Generate();
        Assert.NotEqual(first.PublicKey, second.PublicKey);
        using var secret = first.Export();
        Assert.Equal(OraclePublicKey(secret), first.PublicKey.ToString());
    }

    [Fact]
    public void Signatures_are_fresh_each_time_and_verify_for_their_digest_only()
    {
        using var key = SecretKey.Generate();
        var (first, second) = (key.SignSchnorr(s_digest), key.SignSchnorr(s_digest));
        Assert.NotEqual(first, second);
        Assert.True(key.XOnlyPublicKey.Verify(s_digest, first) && key.XOnlyPublicKey.Verify(s_digest, second));
        Assert.False(key.XOnlyPublicKey.Verify(SHA256.HashData(s_digest), first));
        Assert.Throws<ArgumentException>(() => key.SignSchnorr(new byte[33]));
        Assert.Throws<ArgumentException>(() => key.SignSchnorr(s_digest, new byte[31]));
    }

    [Fact]
    public void Both_sides_share_the_same_x()
    {
        using var first = SecretKey.Generate();
        using var second = SecretKey.Generate();
        using var a = first.SharedX(second.PublicKey);
        using var b = second.SharedX(first.PublicKey);
        Assert.True(a.FixedTimeEquals(b));
    }

    [Fact]
    public void After_disposal_everything_that_needs_the_secret_throws()
    {
        var key = SecretKey.Generate();
        key.Dispose();
        key.Dispose();
        Assert.Throws<ObjectDisposedException>(() => key.Export());
        Assert.Throws<ObjectDisposedException>(() => key.Export(new byte[32]));
        Assert.Throws<ObjectDisposedException>(() => key.SignSchnorr(s_digest));
        Assert.Throws<ObjectDisposedException>(() => key.SharedX(key.PublicKey));
        var aggregation = KeyAggregation.Aggregate([key.PublicKey]);
        Assert.Throws<ObjectDisposedException>(() => SecretNonce.Generate(key, aggregation, s_digest, s_digest, out _));
    }

    [Fact]
    public void Text_forms_hold_no_secret()
    {
        using var key = SecretKey.Generate();
        using var secret = key.Export();
        var aggregation = KeyAggregation.Aggregate([key.PublicKey]);
        using var nonce = SecretNonce.Generate(key, aggregation, s_digest, s_digest, out var publicNonce);
        Assert.Equal($"SecretKey of {key.PublicKey}", $"{key}");
        Assert.Equal("SecretBytes[32]", $"{secret}");
        Assert.Equal($"SecretNonce of {publicNonce}", $"{nonce}");
        Assert.DoesNotContain(Convert.ToHexStringLower(secret.Span), $"{key}{secret}{nonce}", StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void Secret_types_are_classes_that_keep_nothing_on_the_managed_heap()
    {
        var secretTypes = typeof(SecretKey).Assembly.GetTypes().Where(type => type.IsAssignableTo(typeof(SafeHandle))).Append(typeof(SecretKey))
            .Append(typeof(SecretNonce)).Append(typeof(SecretBytes)).ToArray();
        Assert.Equal(8, secretTypes.Length);
        Assert.All(secretTypes, type =>
        {
            Assert.True(type.IsAssignableTo(typeof(IDisposable)), type.Name);
            Assert.Null(type.GetMethod("<Clone>$"));
            var fields = type.GetFields(BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public);
            Assert.DoesNotContain(fields, field => field.FieldType == typeof(byte[]) || field.FieldType == typeof(string) || field.FieldType == typeof(Memory<byte>));
        });
    }

    private static string OraclePublicKey(SecretBytes secret) => Convert.ToHexStringLower(Oracle.Bip327.IndividualPubKey(secret.Span.ToArray()));
}
