using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using KeyMeld.Secp256k1.Interop;

namespace KeyMeld.Secp256k1;

/// <summary>A signer's share of a signature (BIP-327 psig): 32 bytes. Having one says nothing about its validity: see <see cref="SigningSession.VerifyPartial"/>.</summary>
public sealed class PartialSignature : PublicValue<PartialSignature>
{
    /// <summary>The length: 32 bytes.</summary>
    public const int Size = 32;

    private readonly NativePartialSignature _native;
    private readonly Bytes32 _bytes;

    internal PartialSignature(in NativePartialSignature native)
    {
        _native = native;
        if (Native.secp256k1_musig_partial_sig_serialize(NativeContext.Pointer, _bytes, native) != 1)
            throw Misuse.Unexpected();
    }

    /// <summary>The 32 bytes.</summary>
    public override ReadOnlySpan<byte> Bytes => _bytes;

    internal ref readonly NativePartialSignature NativeForm => ref _native;

    /// <summary>Reads 32 bytes.</summary>
    /// <returns>False if the length is wrong or the value is not below the group order.</returns>
    public static bool TryParse(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out PartialSignature? signature)
    {
        NativePartialSignature native = default;
        var valid = bytes.Length == Size && Native.secp256k1_musig_partial_sig_parse(NativeContext.Pointer, out native, bytes) == 1;
        signature = valid ? new PartialSignature(native) : null;
        return valid;
    }

    /// <summary>Reads 32 bytes.</summary>
    /// <exception cref="CryptographicException">They are not a partial signature (see <see cref="TryParse"/>).</exception>
    public static PartialSignature Parse(ReadOnlySpan<byte> bytes) =>
        TryParse(bytes, out var signature) ? signature : throw new CryptographicException("Not a MuSig2 partial signature of 32 bytes.");
}
