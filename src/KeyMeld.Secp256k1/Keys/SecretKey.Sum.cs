// The secret of a sum of points is the sum of their secrets.
using System.Security.Cryptography;
using KeyMeld.Secp256k1.Interop;
using KeyMeld.Secp256k1.Memory;

namespace KeyMeld.Secp256k1;

public sealed partial class SecretKey
{
    /// <summary>The sum of secrets, whose point is <see cref="PublicKey.Combine"/> of their points. Computed in locked memory.</summary>
    /// <returns>A key of its own, which the caller disposes.</returns>
    /// <exception cref="ArgumentException">There are none.</exception>
    /// <exception cref="CryptographicException">A partial sum is zero.</exception>
    /// <exception cref="SecureMemoryException">No locked memory could be had.</exception>
    public static SecretKey Sum(IReadOnlyList<SecretKey> keys)
    {
        Require.NotEmpty(keys);
        var sum = new SecretScalarHandle();
        SecretKey? key = null;
        try
        {
            keys[0].Scalar.CopyTo(sum.Span);
            for (var i = 1; i < keys.Count; i++)
            {
                if (Native.secp256k1_ec_seckey_tweak_add(NativeContext.Pointer, sum, keys[i].Scalar) != 1)
                    throw new CryptographicException("The secrets add up to zero.");
            }
            return TryOwn(sum, out key) ? key : throw Misuse.Unexpected();
        }
        finally
        {
            if (key is null)
                sum.Dispose();
        }
    }
}
