using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using KeyMeld.Secp256k1.Memory;

namespace KeyMeld.Secp256k1.Interop;

// secp256k1_extrakeys.h
internal static unsafe partial class Native
{
    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial int secp256k1_xonly_pubkey_parse(nint ctx, out NativeXOnlyPublicKey pubkey, ReadOnlySpan<byte> input32);

    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial int secp256k1_xonly_pubkey_serialize(nint ctx, Span<byte> output32, in NativeXOnlyPublicKey pubkey);

    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial int secp256k1_xonly_pubkey_from_pubkey(nint ctx, out NativeXOnlyPublicKey xonly_pubkey, out int pk_parity, in NativePublicKey pubkey);

    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial int secp256k1_xonly_pubkey_tweak_add(
        nint ctx, out NativePublicKey output_pubkey, in NativeXOnlyPublicKey internal_pubkey, ReadOnlySpan<byte> tweak32);

    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial int secp256k1_keypair_create(nint ctx, KeypairHandle keypair, SecretScalarHandle seckey);

    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial int secp256k1_keypair_sec(nint ctx, SecretScalarHandle seckey, KeypairHandle keypair);

    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial int secp256k1_keypair_xonly_tweak_add(nint ctx, KeypairHandle keypair, ReadOnlySpan<byte> tweak32);

    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial int secp256k1_keypair_pub(nint ctx, out NativePublicKey pubkey, KeypairHandle keypair);

    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial int secp256k1_keypair_xonly_pub(nint ctx, out NativeXOnlyPublicKey pubkey, int* pk_parity, KeypairHandle keypair);
}
