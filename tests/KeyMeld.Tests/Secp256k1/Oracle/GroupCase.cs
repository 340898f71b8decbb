using System.Numerics;
using CsCheck;
using KeyMeld.Secp256k1;
using KeyMeld.Secp256k1.Memory;

namespace KeyMeld.Tests.Secp256k1.Oracle;

/// <summary>One signer's secret key and the randomness its nonce is made with.</summary>
internal sealed record Signer(byte[] Secret, byte[] Randomness, byte[] Extra);

/// <summary>Everything that determines a MuSig2 signature: both implementations compute it from the same case.</summary>
internal sealed record GroupCase(Signer[] Signers, (byte[] Value, bool IsXOnly)[] Tweaks, bool Sorted, byte[] Message)
{
    private static readonly Gen<byte[]> s_bytes32 = Gen.Byte.Array[32];

    /// <summary>Scalars below the group order: mostly random, sometimes at the edges.</summary>
    public static readonly Gen<byte[]> Scalar = Gen.Frequency(
        (15, s_bytes32.Where(bytes => Curve.Int(bytes) < Curve.N)),
        (1, Gen.OneOf<BigInteger>(1, 2, 3, Curve.N / 2, (Curve.N / 2) + 1, Curve.N - 2, Curve.N - 1).Select(Curve.Bytes32)));

    /// <summary>1 to 5 signers (keys may repeat), 0 to 4 tweaks of both kinds, sorted or in the order drawn.</summary>
    public static readonly Gen<GroupCase> Random =
        from signers in Gen.Select(Scalar, s_bytes32, s_bytes32, (secret, randomness, extra) => new Signer(secret, randomness, extra)).Array[1, 5]
        from doubled in Gen.Int[0, 9]
        from tweaks in Gen.Select(Gen.Frequency((9, Scalar), (1, Gen.Const(new byte[32]))), Gen.Bool).Array[0, 4]
        from sorted in Gen.Bool
        from message in s_bytes32
        select new GroupCase(doubled == 0 ? [.. signers, signers[0] with { Randomness = message }] : signers, tweaks, sorted, message);

    /// <summary>The key aggregation by the library.</summary>
    public KeyAggregation Aggregate(IEnumerable<SecretKey> keys)
    {
        IReadOnlyList<PublicKey> list = [.. keys.Select(key => key.PublicKey)];
        var aggregation = KeyAggregation.Aggregate(Sorted ? KeyAggregation.Sort(list) : list);
        foreach (var (value, isXOnly) in Tweaks)
            aggregation = isXOnly ? aggregation.WithXOnlyTweak(value) : aggregation.WithPlainTweak(value);
        return aggregation;
    }

    /// <summary>The same by the oracle: the key list and the tweaked context.</summary>
    public (byte[][] Keys, KeyAggContext Context) AggregateByOracle()
    {
        byte[][] keys = [.. Signers.Select(signer => Bip327.IndividualPubKey(signer.Secret))];
        keys = Sorted ? Bip327.KeySort(keys) : keys;
        return (keys, Bip327.ApplyTweaks(Bip327.KeyAgg(keys), [.. Tweaks.Select(tweak => tweak.Value)], [.. Tweaks.Select(tweak => tweak.IsXOnly)]));
    }

    /// <summary>The oracle's session for the given aggregate nonce.</summary>
    public OracleSession Session(byte[][] keys, KeyAggContext context, byte[] aggregateNonce) =>
        new(aggregateNonce, keys, [.. Tweaks.Select(tweak => tweak.Value)], [.. Tweaks.Select(tweak => tweak.IsXOnly)], Message) { Context = context };

    /// <summary>The library's nonce of a signer.</summary>
    public SecretNonce Nonce(Signer signer, SecretKey key, KeyAggregation aggregation)
    {
        using var randomness = SecretScalarHandle.CopyFrom(signer.Randomness);
        return SecretNonce.Generate(randomness, key, aggregation, Message, signer.Extra, out _);
    }

    /// <summary>The oracle's nonce of a signer.</summary>
    public (byte[] SecNonce, byte[] PubNonce) NonceByOracle(Signer signer, KeyAggContext context) =>
        Bip327.NonceGen(signer.Randomness, signer.Secret, Bip327.IndividualPubKey(signer.Secret), context.XBytes, Message, signer.Extra);

    public override string ToString() =>
        $"secrets {string.Join(' ', Signers.Select(signer => Convert.ToHexStringLower(signer.Secret)))}; tweaks " +
        $"{string.Join(' ', Tweaks.Select(tweak => (tweak.IsXOnly ? "x:" : "p:") + Convert.ToHexStringLower(tweak.Value)))}; sorted {Sorted}";
}
