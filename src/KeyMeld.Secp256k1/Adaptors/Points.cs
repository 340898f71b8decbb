using System.Diagnostics.CodeAnalysis;
using KeyMeld.Secp256k1.Interop;

namespace KeyMeld.Secp256k1;

/// <summary>Sums and multiples of public points; null is the point at infinity. Not for secret scalars.</summary>
internal static class Points
{
    private const byte EvenPrefix = 0x02;

    /// <summary>BIP-340's lift_x: the point with this x and an even y.</summary>
    public static bool TryLift(ReadOnlySpan<byte> x32, [NotNullWhen(true)] out PublicKey? point)
    {
        Span<byte> bytes = stackalloc byte[PublicKey.Size];
        bytes[0] = EvenPrefix;
        x32.CopyTo(bytes[1..]);
        return PublicKey.TryParse(bytes, out point);
    }

    /// <summary>scalar·G, of a scalar below the group order.</summary>
    public static PublicKey? OfGenerator(ReadOnlySpan<byte> scalar32)
    {
        if (!scalar32.ContainsAnyExcept((byte)0))
            return null;
        return Native.secp256k1_ec_pubkey_create(NativeContext.Pointer, out var native, scalar32) == 1 ? new PublicKey(native) : throw Misuse.Unexpected();
    }

    /// <summary>scalar·point, of a scalar below the group order.</summary>
    public static PublicKey? Multiply(PublicKey point, ReadOnlySpan<byte> scalar32)
    {
        if (!scalar32.ContainsAnyExcept((byte)0))
            return null;
        var native = point.NativeForm;
        return Native.secp256k1_ec_pubkey_tweak_mul(NativeContext.Pointer, ref native, scalar32) == 1 ? new PublicKey(native) : throw Misuse.Unexpected();
    }

    public static PublicKey? Sum(PublicKey? a, PublicKey? b)
    {
        if (a is null || b is null)
            return a ?? b;
        return PublicKey.TryCombine([a, b], out var sum) ? sum : null;
    }

    public static PublicKey Negate(PublicKey point)
    {
        var native = point.NativeForm;
        return Native.secp256k1_ec_pubkey_negate(NativeContext.Pointer, ref native) == 1 ? new PublicKey(native) : throw Misuse.Unexpected();
    }

    public static bool AreEqual(PublicKey? a, PublicKey? b) => a is null ? b is null : a.Equals(b);
}
