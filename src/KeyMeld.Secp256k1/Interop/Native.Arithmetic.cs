using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using KeyMeld.Secp256k1.Memory;

namespace KeyMeld.Secp256k1.Interop;

// secp256k1.h, arithmetic with scalars and points
internal static unsafe partial class Native
{
    /// <summary>For scalars that are public, such as the s of a signature.</summary>
    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial int secp256k1_ec_pubkey_create(nint ctx, out NativePublicKey pubkey, ReadOnlySpan<byte> seckey);

    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial int secp256k1_ec_pubkey_negate(nint ctx, ref NativePublicKey pubkey);

    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial int secp256k1_ec_pubkey_tweak_mul(nint ctx, ref NativePublicKey pubkey, ReadOnlySpan<byte> tweak32);

    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial int secp256k1_ec_seckey_negate(nint ctx, SecretScalarHandle seckey);

    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial int secp256k1_ec_seckey_tweak_add(nint ctx, SecretScalarHandle seckey, ReadOnlySpan<byte> tweak32);

    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial int secp256k1_ec_seckey_tweak_add(nint ctx, SecretScalarHandle seckey, SecretScalarHandle tweak32);
}
