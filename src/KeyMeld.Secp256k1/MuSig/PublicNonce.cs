using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using KeyMeld.Secp256k1.Interop;

namespace KeyMeld.Secp256k1;

/// <summary>A signer's public nonce (BIP-327 pubnonce): two points, 66 bytes.</summary>
public sealed class PublicNonce : PublicValue<PublicNonce>
{
    /// <summary>The length: 66 bytes.</summary>
    public const int Size = 66;

    private readonly NativePublicNonce _native;
    private readonly Bytes66 _bytes;

    internal PublicNonce(in NativePublicNonce native)
    {
        _native = native;
        if (Native.secp256k1_musig_pubnonce_serialize(NativeContext.Pointer, _bytes, native) != 1)
            throw Misuse.Unexpected();
    }

    private PublicNonce(in NativePublicNonce native, ReadOnlySpan<byte> bytes)
    {
        _native = native;
        bytes.CopyTo(_bytes);
    }

    /// <summary>The 66 bytes: the two points, compressed.</summary>
    public override ReadOnlySpan<byte> Bytes => _bytes;

    internal ref readonly NativePublicNonce NativeForm => ref _native;

    /// <summary>Reads 66 bytes.</summary>
    /// <returns>False if the length is wrong or one of the halves is not a compressed point.</returns>
    public static bool TryParse(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out PublicNonce? nonce)
    {
        NativePublicNonce native = default;
        var valid = bytes.Length == Size && Native.secp256k1_musig_pubnonce_parse(NativeContext.Pointer, out native, bytes) == 1;
        nonce = valid ? new PublicNonce(native, bytes) : null;
        return valid;
    }

    /// <summary>Reads 66 bytes.</summary>
    /// <exception cref="CryptographicException">They are not a public nonce (see <see cref="TryParse"/>).</exception>
    public static PublicNonce Parse(ReadOnlySpan<byte> bytes) =>
        TryParse(bytes, out var nonce) ? nonce : throw new CryptographicException("Not a MuSig2 public nonce of 66 bytes.");
}
