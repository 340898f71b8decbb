using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using KeyMeld.Secp256k1.Memory;

namespace KeyMeld.Secp256k1.Interop;

// secp256k1_schnorrsig.h
internal static unsafe partial class Native
{
    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial int secp256k1_schnorrsig_sign32(
        nint ctx, Span<byte> sig64, ReadOnlySpan<byte> msg32, KeypairHandle keypair, SecretScalarHandle aux_rand32);

    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial int secp256k1_schnorrsig_verify(
        nint ctx, ReadOnlySpan<byte> sig64, ReadOnlySpan<byte> msg, nuint msglen, in NativeXOnlyPublicKey pubkey);
}
