using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace KeyMeld.Secp256k1;

/// <summary>The "hash function" for secp256k1_ecdh that gives the raw x coordinate (the library's default hashes the point with SHA-256).</summary>
internal static unsafe class Ecdh
{
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    public static int CopyX(byte* output, byte* x32, byte* y32, void* data)
    {
        Unsafe.CopyBlockUnaligned(output, x32, 32);
        return 1;
    }
}
