using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using KeyMeld.Secp256k1.Memory;

namespace KeyMeld.Secp256k1.Interop;

/// <summary>The imports of libsecp256k1, one file per C header. This one: secp256k1.h.</summary>
internal static unsafe partial class Native
{
    /// <summary>The name for the dynamic loader and for NativeAOT's DirectPInvoke.</summary>
    public const string Library = "secp256k1";

    public const uint SECP256K1_CONTEXT_NONE = 1;
    public const uint SECP256K1_EC_COMPRESSED = 258;
    public const uint SECP256K1_EC_UNCOMPRESSED = 2;

    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial void secp256k1_selftest();

    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial nint secp256k1_context_create(uint flags);

    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial void secp256k1_context_set_illegal_callback(nint ctx, delegate* unmanaged[Cdecl]<byte*, void*, void> fun, void* data);

    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial int secp256k1_context_randomize(nint ctx, SecretScalarHandle seed32);

    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial int secp256k1_ec_pubkey_parse(nint ctx, out NativePublicKey pubkey, ReadOnlySpan<byte> input, nuint inputlen);

    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial int secp256k1_ec_pubkey_serialize(nint ctx, Span<byte> output, ref nuint outputlen, in NativePublicKey pubkey, uint flags);

    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial int secp256k1_ec_pubkey_combine(nint ctx, out NativePublicKey @out, NativePublicKey** ins, nuint n);
}
