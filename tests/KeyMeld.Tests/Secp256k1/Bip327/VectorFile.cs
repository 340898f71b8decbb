using System.Text.Json;
using KeyMeld.Secp256k1;
using KeyMeld.Secp256k1.Memory;
using KeyMeld.Tests.Secp256k1.Oracle;
using KeyMeld.Tests.Support;

namespace KeyMeld.Tests.Secp256k1.Bip327;

/// <summary>One of the BIP's JSON files, with the lists its cases index into.</summary>
internal sealed class VectorFile(string name)
{
    public JsonElement Root { get; } = Vectors.Json("bip327", $"{name}_vectors.json");

    public byte[] Hex(string property) => Hex(Root.GetProperty(property));

    public byte[][] List(string property) => [.. Root.GetProperty(property).EnumerateArray().Select(Hex)];

    /// <summary>The cases of one kind; fails if their number is not what the BIP's file has.</summary>
    public JsonElement[] Cases(string property, int count)
    {
        var cases = Root.GetProperty(property).EnumerateArray().ToArray();
        Assert.Equal(count, cases.Length);
        return cases;
    }

    public static byte[] Hex(JsonElement element) => Convert.FromHexString(element.GetString()!);

    public static byte[]? HexOrNull(JsonElement element) => element.ValueKind == JsonValueKind.Null ? null : Hex(element);

    public static int[] Indices(JsonElement @case, string property) => [.. @case.GetProperty(property).EnumerateArray().Select(index => index.GetInt32())];

    public static bool[] Flags(JsonElement @case) => [.. @case.GetProperty("is_xonly").EnumerateArray().Select(flag => flag.GetBoolean())];

    /// <summary>The members of <paramref name="list"/> that a case's <paramref name="property"/> names.</summary>
    public static byte[][] Pick(byte[][] list, JsonElement @case, string property) => [.. Indices(@case, property).Select(index => list[index])];

    public static KeyAggregation Aggregate(byte[][] keys, byte[][] tweaks, bool[] isXOnly)
    {
        var aggregation = KeyAggregation.Aggregate([.. keys.Select(key => PublicKey.Parse(key))]);
        for (var i = 0; i < tweaks.Length; i++)
            aggregation = isXOnly[i] ? aggregation.WithXOnlyTweak(tweaks[i]) : aggregation.WithPlainTweak(tweaks[i]);
        return aggregation;
    }

    /// <summary>A secret nonce with published content, in the library's own form: magic, k1, k2, and the point as in secp256k1_pubkey.</summary>
    public static SecretNonce Nonce(byte[] secNonce97, KeyAggregation aggregation, byte[] message)
    {
        var signer = PublicKey.Parse(secNonce97.AsSpan(64));
        var handle = new SecretNonceHandle();
        byte[] opaque = [0x22, 0x0e, 0xdc, 0xf1, .. secNonce97[..64], .. (ReadOnlySpan<byte>)signer.NativeForm];
        opaque.CopyTo(handle.Span);
        var first = Curve.Multiply(Curve.G, Curve.Int(secNonce97.AsSpan(0, 32)));
        var second = Curve.Multiply(Curve.G, Curve.Int(secNonce97.AsSpan(32, 32)));
        // The vector of a used-up nonce (all zeros) has no public nonce; any will do.
        var publicNonce = PublicNonce.Parse([.. Curve.Compress(first ?? Curve.G), .. Curve.Compress(second ?? Curve.G)]);
        return SecretNonce.Adopt(handle, publicNonce, signer, aggregation, message);
    }
}
