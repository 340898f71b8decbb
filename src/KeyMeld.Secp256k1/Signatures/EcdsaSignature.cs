// SEC 1, section 4.1. The 64 bytes are r, then s, big-endian; DER as Bitcoin's transactions before taproot have it (BIP-66), without the sighash byte.
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using KeyMeld.Secp256k1.Interop;

namespace KeyMeld.Secp256k1;

/// <summary>
/// An ECDSA signature: r and s, both from 1 to the group order less 1. Having one says nothing about its validity: see <see cref="PublicKey.VerifyEcdsa"/>.
/// </summary>
public sealed class EcdsaSignature : PublicValue<EcdsaSignature>
{
    /// <summary>The length of the compact form: 64 bytes.</summary>
    public const int Size = 64;

    /// <summary>The largest length of the DER form: 72 bytes.</summary>
    public const int MaximumDerSize = 72;

    private readonly NativeEcdsaSignature _native;
    private readonly Bytes64 _bytes;

    internal EcdsaSignature(in NativeEcdsaSignature native)
    {
        _native = native;
        if (Native.secp256k1_ecdsa_signature_serialize_compact(NativeContext.Pointer, _bytes, native) != 1)
            throw Misuse.Unexpected();
    }

    /// <summary>The 64-byte compact form: r, then s, big-endian.</summary>
    public override ReadOnlySpan<byte> Bytes => _bytes;

    internal ref readonly NativeEcdsaSignature NativeForm => ref _native;

    /// <summary>Reads the 64-byte compact form.</summary>
    /// <returns>False if the length is wrong, or r or s is zero or not below the group order.</returns>
    public static bool TryParse(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out EcdsaSignature? signature)
    {
        NativeEcdsaSignature native = default;
        var read = bytes.Length == Size && Native.secp256k1_ecdsa_signature_parse_compact(NativeContext.Pointer, out native, bytes) == 1;
        signature = read ? WithoutZero(native) : null;
        return signature is not null;
    }

    /// <summary>Reads the 64-byte compact form.</summary>
    /// <exception cref="CryptographicException">It is none (see <see cref="TryParse"/>).</exception>
    public static EcdsaSignature Parse(ReadOnlySpan<byte> bytes) =>
        TryParse(bytes, out var signature) ? signature : throw new CryptographicException("Not an ECDSA signature of 64 bytes.");

    /// <summary>Reads the DER form, strictly: no BER, no bytes after it.</summary>
    /// <returns>False if it is not DER, or r or s is zero, negative or not below the group order.</returns>
    public static bool TryParseDer(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out EcdsaSignature? signature)
    {
        NativeEcdsaSignature native = default;
        var read = !bytes.IsEmpty && Native.secp256k1_ecdsa_signature_parse_der(NativeContext.Pointer, out native, bytes, (nuint)bytes.Length) == 1;
        signature = read ? WithoutZero(native) : null;
        return signature is not null;
    }

    /// <summary>The DER form, 8 to 72 bytes, without the sighash byte of Bitcoin's scripts.</summary>
    public byte[] ToDer()
    {
        Span<byte> bytes = stackalloc byte[MaximumDerSize];
        var length = (nuint)bytes.Length;
        if (Native.secp256k1_ecdsa_signature_serialize_der(NativeContext.Pointer, bytes, ref length, _native) != 1)
            throw Misuse.Unexpected();
        return bytes[..(int)length].ToArray();
    }

    // The library parses zeros, and numbers out of range in DER as zeros; no such signature is valid.
    private static EcdsaSignature? WithoutZero(in NativeEcdsaSignature native)
    {
        var signature = new EcdsaSignature(native);
        return signature.Bytes[..32].ContainsAnyExcept((byte)0) && signature.Bytes[32..].ContainsAnyExcept((byte)0) ? signature : null;
    }
}
