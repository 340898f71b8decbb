// A transliteration of the algorithms of BIP-327 ("Specification"), in its order and with its names.
using System.Numerics;
using static KeyMeld.Tests.Secp256k1.Oracle.Curve;

namespace KeyMeld.Tests.Secp256k1.Oracle;

/// <summary>An input that BIP-327 says fails. <paramref name="signer"/>: the index of who contributed it.</summary>
internal sealed class OracleException(string message, int? signer = null) : Exception(message)
{
    public int? Signer { get; } = signer;
}

internal sealed record KeyAggContext(Point Q, BigInteger Gacc, BigInteger Tacc)
{
    public byte[] XBytes => Bytes32(Q.X);
}

/// <summary>BIP-327 Session Context.</summary>
internal sealed record OracleSession(byte[] AggNonce, byte[][] PubKeys, byte[][] Tweaks, bool[] IsXOnly, byte[] Message)
{
    /// <summary>The tweaked aggregate, where the caller has it already.</summary>
    public KeyAggContext? Context { get; init; }

    /// <summary>GetSessionValues, computed once: every signer needs them.</summary>
    public SessionValues Values => field ??= Bip327.GetSessionValues(this);
}

internal sealed record SessionValues(Point Q, BigInteger Gacc, BigInteger Tacc, BigInteger B, Point R, BigInteger E);

internal static class Bip327
{
    public static byte[][] KeySort(byte[][] keys)
    {
        var sorted = keys.ToArray();
        Array.Sort(sorted, (a, b) => a.AsSpan().SequenceCompareTo(b));
        return sorted;
    }

    public static byte[] IndividualPubKey(byte[] sk)
    {
        var d = Int(sk);
        return d.IsZero || d >= N ? throw new OracleException("sk out of range") : Compress(Multiply(G, d)!);
    }

    public static KeyAggContext KeyAgg(byte[][] keys)
    {
        var second = GetSecondKey(keys);
        Point? q = null;
        for (var i = 0; i < keys.Length; i++)
        {
            var point = Decompress(keys[i]) ?? throw new OracleException("pubkey", i);
            q = Add(q, Multiply(point, KeyAggCoeffInternal(keys, keys[i], second)));
        }
        return new KeyAggContext(q ?? throw new OracleException("aggregate is infinite"), 1, 0);
    }

    public static KeyAggContext ApplyTweak(KeyAggContext context, byte[] tweak, bool isXOnly)
    {
        var g = isXOnly && !context.Q.HasEvenY ? N - 1 : BigInteger.One;
        var t = Int(tweak);
        if (t >= N)
            throw new OracleException("The tweak must be less than n.");
        var q = Add(g.IsOne ? context.Q : Negate(context.Q), Multiply(G, t)) ?? throw new OracleException("The result of tweaking cannot be infinity.");
        return new KeyAggContext(q, Mod(g * context.Gacc, N), Mod(t + (g * context.Tacc), N));
    }

    public static KeyAggContext ApplyTweaks(KeyAggContext context, byte[][] tweaks, bool[] isXOnly) =>
        tweaks.Zip(isXOnly).Aggregate(context, (tweaked, next) => ApplyTweak(tweaked, next.First, next.Second));

    public static (byte[] SecNonce, byte[] PubNonce) NonceGen(byte[] rand, byte[]? sk, byte[] pk, byte[]? aggpk, byte[]? m, byte[]? extra)
    {
        if (sk is not null)
            rand = Xor(sk, TaggedHash("MuSig/aux", rand));
        var k = new BigInteger[2];
        for (byte i = 0; i < 2; i++)
        {
            byte[] mPrefixed = m is null ? [0] : [1, .. BigEndian((ulong)m.Length, 8), .. m];
            k[i] = Mod(Int(TaggedHash("MuSig/nonce", rand, [(byte)pk.Length], pk, [(byte)(aggpk?.Length ?? 0)], aggpk ?? [], mPrefixed,
                BigEndian((ulong)(extra?.Length ?? 0), 4), extra ?? [], [i])), N);
        }
        return ([.. Bytes32(k[0]), .. Bytes32(k[1]), .. pk], [.. Compress(Multiply(G, k[0])!), .. Compress(Multiply(G, k[1])!)]);
    }

    public static byte[] NonceAgg(byte[][] pubNonces)
    {
        var sums = new Point?[2];
        for (var i = 0; i < pubNonces.Length; i++)
        {
            for (var j = 0; j < 2; j++)
                sums[j] = Add(sums[j], Decompress(pubNonces[i].AsSpan(33 * j, 33)) ?? throw new OracleException("pubnonce", i));
        }
        return [.. CompressExtended(sums[0]), .. CompressExtended(sums[1])];
    }

    public static SessionValues GetSessionValues(OracleSession session)
    {
        var context = session.Context ?? ApplyTweaks(KeyAgg(session.PubKeys), session.Tweaks, session.IsXOnly);
        var b = Mod(Int(TaggedHash("MuSig/noncecoef", session.AggNonce, context.XBytes, session.Message)), N);
        var r1 = DecompressExtended(session.AggNonce.AsSpan(0, 33));
        var r2 = DecompressExtended(session.AggNonce.AsSpan(33, 33));
        var r = Add(r1, Multiply(r2, b)) ?? G;
        var e = Mod(Int(TaggedHash("BIP0340/challenge", Bytes32(r.X), context.XBytes, session.Message)), N);
        return new SessionValues(context.Q, context.Gacc, context.Tacc, b, r, e);
    }

    public static byte[] Sign(byte[] secNonce, byte[] sk, OracleSession session)
    {
        var values = session.Values;
        var k1 = Int(secNonce.AsSpan(0, 32));
        var k2 = Int(secNonce.AsSpan(32, 32));
        if (k1.IsZero || k1 >= N)
            throw new OracleException("first secnonce value is out of range.");
        if (k2.IsZero || k2 >= N)
            throw new OracleException("second secnonce value is out of range.");
        if (!values.R.HasEvenY)
            (k1, k2) = (N - k1, N - k2);
        var dPrime = Int(sk);
        if (dPrime.IsZero || dPrime >= N)
            throw new OracleException("secret key value is out of range.");
        var pk = Compress(Multiply(G, dPrime)!);
        if (!pk.AsSpan().SequenceEqual(secNonce.AsSpan(64)))
            throw new OracleException("Public key does not match nonce_gen argument");
        var a = GetSessionKeyAggCoeff(session, pk);
        var g = values.Q.HasEvenY ? BigInteger.One : N - 1;
        var d = Mod(g * values.Gacc * dPrime, N);
        return Bytes32(Mod(k1 + (values.B * k2) + (values.E * a * d), N));
    }

    public static bool PartialSigVerify(byte[] psig, byte[] pubNonce, byte[] pk, OracleSession session)
    {
        var values = session.Values;
        var s = Int(psig);
        if (s >= N)
            return false;
        var first = Decompress(pubNonce.AsSpan(0, 33)) ?? throw new OracleException("pubnonce");
        var second = Decompress(pubNonce.AsSpan(33, 33)) ?? throw new OracleException("pubnonce");
        var re = Add(first, Multiply(second, values.B));
        re = values.R.HasEvenY ? re : Negate(re);
        var p = Decompress(pk) ?? throw new OracleException("pubkey");
        var a = GetSessionKeyAggCoeff(session, pk);
        var g = values.Q.HasEvenY ? BigInteger.One : N - 1;
        return Multiply(G, s) == Add(re, Multiply(p, Mod(values.E * a * g * values.Gacc, N)));
    }

    public static byte[] PartialSigAgg(byte[][] psigs, OracleSession session)
    {
        var values = session.Values;
        var s = BigInteger.Zero;
        for (var i = 0; i < psigs.Length; i++)
        {
            var share = Int(psigs[i]);
            s = share < N ? Mod(s + share, N) : throw new OracleException("psig", i);
        }
        var g = values.Q.HasEvenY ? BigInteger.One : N - 1;
        s = Mod(s + (values.E * g * values.Tacc), N);
        return [.. Bytes32(values.R.X), .. Bytes32(s)];
    }

    public static (byte[] PubNonce, byte[] Psig) DeterministicSign(
        byte[] sk, byte[] aggOtherNonce, byte[][] keys, byte[][] tweaks, bool[] isXOnly, byte[] m, byte[]? rand)
    {
        var skPrime = rand is null ? sk : Xor(sk, TaggedHash("MuSig/aux", rand));
        var context = ApplyTweaks(KeyAgg(keys), tweaks, isXOnly);
        var k = new BigInteger[2];
        for (byte i = 0; i < 2; i++)
            k[i] = Mod(Int(TaggedHash("MuSig/deterministic/nonce", skPrime, aggOtherNonce, context.XBytes, BigEndian((ulong)m.Length, 8), m, [i])), N);
        byte[] pubNonce = [.. Compress(Multiply(G, k[0])!), .. Compress(Multiply(G, k[1])!)];
        byte[] secNonce = [.. Bytes32(k[0]), .. Bytes32(k[1]), .. IndividualPubKey(sk)];
        byte[] aggNonce;
        try
        {
            aggNonce = NonceAgg([pubNonce, aggOtherNonce]);
        }
        catch (OracleException)
        {
            throw new OracleException("aggothernonce");
        }
        return (pubNonce, Sign(secNonce, sk, new OracleSession(aggNonce, keys, tweaks, isXOnly, m)));
    }

    private static byte[] GetSecondKey(byte[][] keys) => keys.FirstOrDefault(key => !key.AsSpan().SequenceEqual(keys[0])) ?? new byte[33];

    private static BigInteger KeyAggCoeffInternal(byte[][] keys, byte[] pk, byte[] second) =>
        pk.AsSpan().SequenceEqual(second) ? 1 : Mod(Int(TaggedHash("KeyAgg coefficient", TaggedHash("KeyAgg list", [.. keys.SelectMany(key => key)]), pk)), N);

    private static BigInteger GetSessionKeyAggCoeff(OracleSession session, byte[] pk) =>
        session.PubKeys.Any(key => key.AsSpan().SequenceEqual(pk))
            ? KeyAggCoeffInternal(session.PubKeys, pk, GetSecondKey(session.PubKeys))
            : throw new OracleException("The signer's pubkey must be included in the list of pubkeys.");

    private static Point? DecompressExtended(ReadOnlySpan<byte> bytes33) =>
        bytes33.ContainsAnyExcept((byte)0) ? Decompress(bytes33) ?? throw new OracleException("aggnonce") : null;

    private static byte[] Xor(byte[] a, byte[] b) => [.. a.Zip(b, (x, y) => (byte)(x ^ y))];

    private static byte[] BigEndian(ulong value, int length) => [.. Enumerable.Range(0, length).Select(i => (byte)(value >> (8 * (length - 1 - i)) & 0xff))];
}
