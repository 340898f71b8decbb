// SEC 1, section 4.1.3, with the nonce of RFC 6979 (HMAC-SHA256) and s in the lower half of its range (BIP-146).
using System.Security.Cryptography;
using KeyMeld.Secp256k1.Interop;

namespace KeyMeld.Secp256k1;

public sealed partial class SecretKey
{
    /// <summary>
    /// Signs a 32-byte digest with ECDSA and verifies the signature before giving it out. The nonce follows from key and digest (RFC 6979), so the same digest
    /// gives the same signature; s is always low.
    /// </summary>
    /// <exception cref="ArgumentException"><paramref name="digest32"/> is not 32 bytes long.</exception>
    public EcdsaSignature SignEcdsa(ReadOnlySpan<byte> digest32)
    {
        Require.Length(digest32, 32);
        if (Native.secp256k1_ecdsa_sign(NativeContext.Pointer, out var native, digest32, _secret, 0, 0) != 1)
            throw Misuse.Unexpected();
        var signature = new EcdsaSignature(native);
        // A signature computed wrongly under a deterministic nonce gives the key away together with a right one.
        return PublicKey.VerifyEcdsa(digest32, signature) ? signature : throw new CryptographicException("The signature did not verify; it was not given out.");
    }
}
