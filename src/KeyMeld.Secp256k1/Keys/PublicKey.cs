// SEC 1, section 2.3: compressed and uncompressed points; section 4.1.4: ECDSA verification.
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using KeyMeld.Secp256k1.Interop;

namespace KeyMeld.Secp256k1;

/// <summary>A point of secp256k1 other than infinity. Its serialisation is the 33-byte compressed form (0x02 or 0x03, then x).</summary>
public sealed class PublicKey : PublicValue<PublicKey>
{
    /// <summary>The length of the compressed form: 33 bytes.</summary>
    public const int Size = 33;

    /// <summary>The length of the uncompressed form: 65 bytes.</summary>
    public const int UncompressedSize = 65;

    private const byte UncompressedPrefix = 0x04;
    private const byte OddPrefix = 0x03;
    private readonly NativePublicKey _native;
    private readonly Bytes33 _bytes;

    internal PublicKey(in NativePublicKey native)
    {
        _native = native;
        Serialize(native, _bytes, Native.SECP256K1_EC_COMPRESSED);
    }

    /// <summary>The 33-byte compressed form.</summary>
    public override ReadOnlySpan<byte> Bytes => _bytes;

    internal ref readonly NativePublicKey NativeForm => ref _native;

    internal bool HasOddY => Bytes[0] == OddPrefix;

    /// <summary>Reads the 33-byte compressed form.</summary>
    /// <returns>False if the length or prefix is wrong, x is not below the field size, or no point has it.</returns>
    public static bool TryParse(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out PublicKey? key) => TryRead(bytes, bytes.Length == Size, out key);

    /// <summary>Reads the 65-byte uncompressed form with prefix 0x04; the hybrid prefixes 0x06 and 0x07 are refused.</summary>
    /// <returns>False if the length or prefix is wrong, or the coordinates are not those of a point.</returns>
    public static bool TryParseUncompressed(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out PublicKey? key) =>
        TryRead(bytes, bytes.Length == UncompressedSize && bytes[0] == UncompressedPrefix, out key);

    /// <summary>Reads the 33-byte compressed form.</summary>
    /// <exception cref="CryptographicException">It is not a compressed point (see <see cref="TryParse"/>).</exception>
    public static PublicKey Parse(ReadOnlySpan<byte> bytes) =>
        TryParse(bytes, out var key) ? key : throw new CryptographicException("Not a compressed secp256k1 public key of 33 bytes.");

    /// <summary>Orders keys as BIP-327's KeySort does: by their 33 bytes, lexicographically.</summary>
    /// <returns>Negative, zero or positive, as <paramref name="left"/> sorts before, with or after <paramref name="right"/>.</returns>
    public static int Compare(PublicKey left, PublicKey right)
    {
        ArgumentNullException.ThrowIfNull(left);
        ArgumentNullException.ThrowIfNull(right);
        return left.Bytes.SequenceCompareTo(right.Bytes);
    }

    /// <summary>The sum of the points.</summary>
    /// <exception cref="ArgumentException">There are none.</exception>
    /// <exception cref="CryptographicException">The sum is the point at infinity.</exception>
    public static PublicKey Combine(IReadOnlyList<PublicKey> keys) =>
        TryCombine(keys, out var sum) ? sum : throw new CryptographicException("The public keys add up to the point at infinity.");

    /// <summary>Computes the sum of the points.</summary>
    /// <returns>False if it is the point at infinity.</returns>
    /// <exception cref="ArgumentException">There are none.</exception>
    public static unsafe bool TryCombine(IReadOnlyList<PublicKey> keys, [NotNullWhen(true)] out PublicKey? sum)
    {
        Require.NotEmpty(keys);
        using var table = new PointerTable<NativePublicKey>(keys.Count);
        foreach (var key in keys)
            table.Add(key._native);
        var success = Native.secp256k1_ec_pubkey_combine(NativeContext.Pointer, out var native, table.Pointers, table.Count) == 1;
        sum = success ? new PublicKey(native) : null;
        return success;
    }

    /// <summary>Writes the 65-byte uncompressed form.</summary>
    /// <exception cref="ArgumentException"><paramref name="destination65"/> is not 65 bytes long.</exception>
    public void WriteUncompressed(Span<byte> destination65)
    {
        Require.Length(destination65, UncompressedSize);
        Serialize(_native, destination65, Native.SECP256K1_EC_UNCOMPRESSED);
    }

    /// <summary>The x-only key of BIP-340: the same x, the y that is even.</summary>
    public XOnlyPublicKey ToXOnly()
    {
        if (Native.secp256k1_xonly_pubkey_from_pubkey(NativeContext.Pointer, out var native, out _, _native) != 1)
            throw Misuse.Unexpected();
        return new XOnlyPublicKey(native);
    }

    /// <summary>Verifies an ECDSA signature, strictly: s must be in the lower half of its range, as Bitcoin demands (BIP-146), so that nobody can make another from it.</summary>
    /// <returns>Whether the signature is valid for this key and <paramref name="digest32"/>.</returns>
    /// <exception cref="ArgumentException"><paramref name="digest32"/> is not 32 bytes long.</exception>
    public bool VerifyEcdsa(ReadOnlySpan<byte> digest32, EcdsaSignature signature)
    {
        Require.Length(digest32, 32);
        ArgumentNullException.ThrowIfNull(signature);
        return Native.secp256k1_ecdsa_verify(NativeContext.Pointer, signature.NativeForm, digest32, _native) == 1;
    }

    private static bool TryRead(ReadOnlySpan<byte> bytes, bool wellFormed, [NotNullWhen(true)] out PublicKey? key)
    {
        NativePublicKey native = default;
        var valid = wellFormed && Native.secp256k1_ec_pubkey_parse(NativeContext.Pointer, out native, bytes, (nuint)bytes.Length) == 1;
        key = valid ? new PublicKey(native) : null;
        return valid;
    }

    private static void Serialize(in NativePublicKey native, Span<byte> destination, uint form)
    {
        var length = (nuint)destination.Length;
        if (Native.secp256k1_ec_pubkey_serialize(NativeContext.Pointer, destination, ref length, native, form) != 1)
            throw Misuse.Unexpected();
    }
}
