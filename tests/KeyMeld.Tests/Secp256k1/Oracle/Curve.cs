using System.Numerics;
using System.Security.Cryptography;
using System.Text;

namespace KeyMeld.Tests.Secp256k1.Oracle;

/// <summary>An affine point; infinity is null.</summary>
internal sealed record Point(BigInteger X, BigInteger Y)
{
    public bool HasEvenY => Y.IsEven;
}

/// <summary>secp256k1 (SEC 2) on BigIntegers, slow and obvious. Written from the specification texts only, to be compared with the native library.</summary>
internal static class Curve
{
    public static readonly BigInteger P = Int(Convert.FromHexString("FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFC2F"));
    public static readonly BigInteger N = Int(Convert.FromHexString("FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141"));
    public static readonly Point G = new(
        Int(Convert.FromHexString("79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798")),
        Int(Convert.FromHexString("483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8")));

    public static BigInteger Int(ReadOnlySpan<byte> bigEndian) => new(bigEndian, isUnsigned: true, isBigEndian: true);

    public static byte[] Bytes32(BigInteger value)
    {
        var bytes = new byte[32];
        var minimal = value.ToByteArray(isUnsigned: true, isBigEndian: true);
        minimal.CopyTo(bytes, 32 - minimal.Length);
        return bytes;
    }

    /// <summary>The remainder that is never negative.</summary>
    public static BigInteger Mod(BigInteger value, BigInteger modulus)
    {
        var remainder = BigInteger.Remainder(value, modulus);
        return remainder.Sign < 0 ? remainder + modulus : remainder;
    }

    public static Point? Negate(Point? point) => point is null ? null : point with { Y = Mod(-point.Y, P) };

    public static Point? Add(Point? a, Point? b) => Affine(AddJacobian(Jacobian(a), Jacobian(b)));

    public static Point? Multiply(Point? point, BigInteger scalar)
    {
        if (ReferenceEquals(point, G))
            return MultiplyGenerator(Mod(scalar, N));
        var sum = (X: BigInteger.One, Y: BigInteger.One, Z: BigInteger.Zero);
        var addend = Jacobian(point);
        for (scalar = Mod(scalar, N); !scalar.IsZero; scalar >>= 1)
        {
            if (!scalar.IsEven)
                sum = AddJacobian(sum, addend);
            addend = Double(addend);
        }
        return Affine(sum);
    }

    public static Point? LiftX(BigInteger x)
    {
        if (x >= P)
            return null;
        var c = Mod((x * x * x) + 7, P);
        var y = BigInteger.ModPow(c, (P + 1) / 4, P);
        if (Mod(y * y, P) != c)
            return null;
        return new Point(x, y.IsEven ? y : P - y);
    }

    public static byte[] Compress(Point point) => [point.HasEvenY ? (byte)2 : (byte)3, .. Bytes32(point.X)];

    /// <summary>BIP-327 cbytes_ext: infinity is 33 zeros.</summary>
    public static byte[] CompressExtended(Point? point) => point is null ? new byte[33] : Compress(point);

    /// <summary>BIP-327 cpoint; null where it fails.</summary>
    public static Point? Decompress(ReadOnlySpan<byte> bytes33)
    {
        if (bytes33.Length != 33 || bytes33[0] is not (2 or 3) || LiftX(Int(bytes33[1..])) is not { } point)
            return null;
        return bytes33[0] == 2 ? point : Negate(point);
    }

    public static byte[] TaggedHash(string tag, params ReadOnlySpan<byte[]> parts)
    {
        var tagHash = SHA256.HashData(Encoding.UTF8.GetBytes(tag));
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(tagHash);
        hash.AppendData(tagHash);
        foreach (var part in parts)
            hash.AppendData(part);
        return hash.GetHashAndReset();
    }

    // d 16^i G for every digit d: multiples of G, which are most of all, need 64 additions.
    private static readonly Lazy<(BigInteger X, BigInteger Y, BigInteger Z)[][]> s_digits = new(() =>
    {
        var digits = new (BigInteger X, BigInteger Y, BigInteger Z)[64][];
        var unit = Jacobian(G);
        for (var i = 0; i < digits.Length; i++)
        {
            digits[i] = [Jacobian(null), .. Enumerable.Repeat(unit, 15)];
            for (var d = 2; d < 16; d++)
                digits[i][d] = Jacobian(Affine(AddJacobian(digits[i][d - 1], unit)));
            unit = Jacobian(Affine(AddJacobian(digits[i][15], unit)));
        }
        return digits;
    });

    private static Point? MultiplyGenerator(BigInteger scalar)
    {
        var sum = Jacobian(null);
        foreach (var row in s_digits.Value)
        {
            sum = AddJacobian(sum, row[(int)(scalar & 15)]);
            scalar >>= 4;
        }
        return Affine(sum);
    }

    private static (BigInteger X, BigInteger Y, BigInteger Z) Jacobian(Point? point) => point is null ? (1, 1, 0) : (point.X, point.Y, 1);

    private static Point? Affine((BigInteger X, BigInteger Y, BigInteger Z) point)
    {
        if (point.Z.IsZero)
            return null;
        var inverse = BigInteger.ModPow(point.Z, P - 2, P);
        var square = Mod(inverse * inverse, P);
        return new Point(Mod(point.X * square, P), Mod(point.Y * square * inverse, P));
    }

    private static (BigInteger X, BigInteger Y, BigInteger Z) Double((BigInteger X, BigInteger Y, BigInteger Z) p)
    {
        var ySquare = Mod(p.Y * p.Y, P);
        var s = Mod(4 * p.X * ySquare, P);
        var m = Mod(3 * p.X * p.X, P);
        var x = Mod((m * m) - (2 * s), P);
        return (x, Mod((m * (s - x)) - (8 * ySquare * ySquare), P), Mod(2 * p.Y * p.Z, P));
    }

    private static (BigInteger X, BigInteger Y, BigInteger Z) AddJacobian(
        (BigInteger X, BigInteger Y, BigInteger Z) p, (BigInteger X, BigInteger Y, BigInteger Z) q)
    {
        if (p.Z.IsZero)
            return q;
        if (q.Z.IsZero)
            return p;
        var pz = Mod(p.Z * p.Z, P);
        var qz = Mod(q.Z * q.Z, P);
        var u = Mod(p.X * qz, P);
        var s = Mod(p.Y * qz * q.Z, P);
        var h = Mod((q.X * pz) - u, P);
        var r = Mod((q.Y * pz * p.Z) - s, P);
        if (h.IsZero)
            return r.IsZero ? Double(p) : (1, 1, 0);
        var h2 = Mod(h * h, P);
        var h3 = Mod(h2 * h, P);
        var x = Mod((r * r) - h3 - (2 * u * h2), P);
        return (x, Mod((r * ((u * h2) - x)) - (s * h3), P), Mod(h * p.Z * q.Z, P));
    }
}
