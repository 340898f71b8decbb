// BIP-340: x-only public keys and verification. BIP-341: the tweak that commits an output key to its scripts.
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using KeyMeld.Secp256k1.Interop;

namespace KeyMeld.Secp256k1;

/// <summary>A public key of BIP-340: the 32-byte x of a point whose y is even.</summary>
public sealed class XOnlyPublicKey : PublicValue<XOnlyPublicKey>
{
    /// <summary>The length: 32 bytes.</summary>
    public const int Size = 32;

    private readonly NativeXOnlyPublicKey _native;
    private readonly Bytes32 _bytes;

    internal XOnlyPublicKey(in NativeXOnlyPublicKey native)
    {
        _native = native;
        if (Native.secp256k1_xonly_pubkey_serialize(NativeContext.Pointer, _bytes, native) != 1)
            throw Misuse.Unexpected();
    }

    /// <summary>The 32-byte x.</summary>
    public override ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>The point with this x and an even y (BIP-340's lift_x).</summary>
    internal PublicKey Point => field ??= Points.TryLift(Bytes, out var point) ? point : throw Misuse.Unexpected();

    /// <summary>Reads the 32-byte x.</summary>
    /// <returns>False if the length is wrong, x is not below the field size, or no point has it.</returns>
    public static bool TryParse(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out XOnlyPublicKey? key)
    {
        NativeXOnlyPublicKey native = default;
        var valid = bytes.Length == Size && Native.secp256k1_xonly_pubkey_parse(NativeContext.Pointer, out native, bytes) == 1;
        key = valid ? new XOnlyPublicKey(native) : null;
        return valid;
    }

    /// <summary>Reads the 32-byte x.</summary>
    /// <exception cref="CryptographicException">It is not an x-only key (see <see cref="TryParse"/>).</exception>
    public static XOnlyPublicKey Parse(ReadOnlySpan<byte> bytes) =>
        TryParse(bytes, out var key) ? key : throw new CryptographicException("Not an x-only secp256k1 public key of 32 bytes.");

    /// <summary>Verifies a BIP-340 signature. BIP-340 allows messages of any length; KeyMeld signs 32-byte digests only.</summary>
    /// <returns>Whether the signature is valid for this key and <paramref name="message"/>.</returns>
    public bool Verify(ReadOnlySpan<byte> message, SchnorrSignature signature)
    {
        ArgumentNullException.ThrowIfNull(signature);
        return Native.secp256k1_schnorrsig_verify(NativeContext.Pointer, signature.Bytes, message, (nuint)message.Length, _native) == 1;
    }

    /// <summary>Adds <paramref name="tweak32"/> times the generator to the point with even y, as BIP-341's taproot_tweak_pubkey does.</summary>
    /// <param name="tweak32">The 32-byte big-endian tweak, for BIP-341 the tagged hash "TapTweak".</param>
    /// <returns>The tweaked point; its x-only form is the output key.</returns>
    /// <exception cref="ArgumentException"><paramref name="tweak32"/> is not 32 bytes long.</exception>
    /// <exception cref="CryptographicException">The tweak is not below the group order, or the result is the point at infinity.</exception>
    public PublicKey WithTweak(ReadOnlySpan<byte> tweak32)
    {
        Require.Length(tweak32, 32);
        return Native.secp256k1_xonly_pubkey_tweak_add(NativeContext.Pointer, out var tweaked, _native, tweak32) == 1
            ? new PublicKey(tweaked)
            : throw new CryptographicException("The tweak is not valid for this key.");
    }
}
