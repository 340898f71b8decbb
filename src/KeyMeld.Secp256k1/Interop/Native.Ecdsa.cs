using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using KeyMeld.Secp256k1.Memory;

namespace KeyMeld.Secp256k1.Interop;

// secp256k1.h, ECDSA
internal static unsafe partial class Native
{
    /// <summary>With C's NULL as noncefp the nonce is RFC 6979's with HMAC-SHA256, the library's default; nothing else is passed.</summary>
    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial int secp256k1_ecdsa_sign(
        nint ctx, out NativeEcdsaSignature sig, ReadOnlySpan<byte> msghash32, SecretScalarHandle seckey, nint noncefp, nint ndata);

    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial int secp256k1_ecdsa_verify(nint ctx, in NativeEcdsaSignature sig, ReadOnlySpan<byte> msghash32, in NativePublicKey pubkey);

    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial int secp256k1_ecdsa_signature_parse_compact(nint ctx, out NativeEcdsaSignature sig, ReadOnlySpan<byte> input64);

    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial int secp256k1_ecdsa_signature_serialize_compact(nint ctx, Span<byte> output64, in NativeEcdsaSignature sig);

    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial int secp256k1_ecdsa_signature_parse_der(nint ctx, out NativeEcdsaSignature sig, ReadOnlySpan<byte> input, nuint inputlen);

    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial int secp256k1_ecdsa_signature_serialize_der(nint ctx, Span<byte> output, ref nuint outputlen, in NativeEcdsaSignature sig);
}
