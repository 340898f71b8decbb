// BIP-341, "Constructing and spending Taproot outputs": taproot_tweak_seckey.
using System.Security.Cryptography;
using KeyMeld.Secp256k1.Interop;
using KeyMeld.Secp256k1.Memory;

namespace KeyMeld.Secp256k1;

public sealed partial class SecretKey
{
    /// <summary>
    /// The secret key of <see cref="XOnlyPublicKey.WithTweak"/>: the secret whose point has even y, plus the tweak. Computed in locked memory; this key stays as
    /// it is.
    /// </summary>
    /// <param name="tweak32">The 32-byte big-endian tweak, for BIP-341 the tagged hash "TapTweak".</param>
    /// <returns>A key of its own, which the caller disposes.</returns>
    /// <exception cref="ArgumentException"><paramref name="tweak32"/> is not 32 bytes long.</exception>
    /// <exception cref="CryptographicException">The tweak is not below the group order, or the result is zero.</exception>
    /// <exception cref="SecureMemoryException">No locked memory could be had.</exception>
    public SecretKey WithTweak(ReadOnlySpan<byte> tweak32)
    {
        Require.Length(tweak32, 32);
        using var keypair = new KeypairHandle();
        Keypair.CopyTo(keypair.Span);
        if (Native.secp256k1_keypair_xonly_tweak_add(NativeContext.Pointer, keypair, tweak32) != 1)
            throw new CryptographicException("The tweak is not valid for this key.");
        var secret = new SecretScalarHandle();
        if (Native.secp256k1_keypair_sec(NativeContext.Pointer, secret, keypair) == 1 && TryOwn(secret, out var key))
            return key;
        secret.Dispose();
        throw Misuse.Unexpected();
    }
}
