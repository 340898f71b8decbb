using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using KeyMeld.Secp256k1.Memory;

namespace KeyMeld.Secp256k1.Interop;

// secp256k1_ecdh.h
internal static unsafe partial class Native
{
    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial int secp256k1_ecdh(
        nint ctx, SecretBytesHandle output, in NativePublicKey pubkey, SecretScalarHandle seckey,
        delegate* unmanaged[Cdecl]<byte*, byte*, byte*, void*, int> hashfp, void* data);
}
