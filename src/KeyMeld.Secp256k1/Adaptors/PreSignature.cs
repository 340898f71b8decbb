// Adaptor signatures over BIP-340, the 64-byte form of secp256k1-zkp's musig module: r is x of the final nonce R' = R + T, and s' lacks the secret of T.
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace KeyMeld.Secp256k1;

/// <summary>
/// A pre-signature: 64 bytes, x of the final nonce and s'. It becomes a BIP-340 signature with the secret t of the adaptor point T = t·G, and whoever sees that
/// signature learns t. Having one says nothing about its validity: see <see cref="TryVerify"/>.
/// </summary>
public sealed class PreSignature : PublicValue<PreSignature>
{
    /// <summary>The length: 64 bytes.</summary>
    public const int Size = 64;

    private readonly Bytes64 _bytes;

    private PreSignature(ReadOnlySpan<byte> bytes, PublicKey finalNonce)
    {
        bytes.CopyTo(_bytes);
        FinalNonce = finalNonce;
    }

    /// <summary>The 64 bytes: r, then s'.</summary>
    public override ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>x of the final nonce, the first half of the signature to be. 32 bytes.</summary>
    public ReadOnlySpan<byte> FinalNonceX => Bytes[..32];

    /// <summary>s', 32 bytes, big-endian, below the group order.</summary>
    public ReadOnlySpan<byte> Scalar => Bytes[32..];

    /// <summary>The point with x = r whose y is even.</summary>
    internal PublicKey FinalNonce { get; }

    /// <summary>Reads 64 bytes.</summary>
    /// <returns>False if the length is wrong, r is not the x of a point, or s' is not below the group order.</returns>
    public static bool TryParse(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out PreSignature? preSignature)
    {
        preSignature = null;
        if (bytes.Length == Size && Scalars.IsInRange(bytes[32..]) && Points.TryLift(bytes[..32], out var nonce))
            preSignature = new PreSignature(bytes, nonce);
        return preSignature is not null;
    }

    /// <summary>Reads 64 bytes.</summary>
    /// <exception cref="CryptographicException">They are not a pre-signature (see <see cref="TryParse"/>).</exception>
    public static PreSignature Parse(ReadOnlySpan<byte> bytes) =>
        TryParse(bytes, out var preSignature) ? preSignature : throw new CryptographicException("Not a pre-signature of 64 bytes.");

    /// <summary>
    /// Verifies, with public values alone, that the secret of <paramref name="point"/> and nothing else completes this to a signature: s'·G = ±(R' − T) + e·P.
    /// Takes about 45 µs. What is valid for T is valid for −T too, with the other parity: t and −t complete it to the same signature.
    /// </summary>
    /// <param name="key">The key the signature will verify under, P.</param>
    /// <param name="message32">The 32-byte message.</param>
    /// <param name="point">The adaptor point T.</param>
    /// <param name="verified">The pre-signature with what it was verified for, which can be adapted, extracted from and converted.</param>
    /// <returns>Whether it is valid.</returns>
    /// <exception cref="ArgumentException"><paramref name="message32"/> is not 32 bytes long.</exception>
    public bool TryVerify(XOnlyPublicKey key, ReadOnlySpan<byte> message32, PublicKey point, [NotNullWhen(true)] out VerifiedPreSignature? verified)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(point);
        Require.Length(message32, 32);
        // Both sides moved so that nothing is subtracted: s'·G + T = R + e·P if the final nonce has an even y, s'·G = R + e·P + T if it has not, with R = lift_x(r).
        var left = Points.OfGenerator(Scalar);
        var right = Points.Sum(FinalNonce, Points.Multiply(key.Point, Challenge(key, message32)));
        verified = Points.AreEqual(Points.Sum(left, point), right) ? new VerifiedPreSignature(this, key, message32, point, hasOddNonce: false)
            : Points.AreEqual(left, Points.Sum(right, point)) ? new VerifiedPreSignature(this, key, message32, point, hasOddNonce: true)
            : null;
        return verified is not null;
    }

    /// <summary>Whether this is a valid pre-signature; see <see cref="TryVerify"/>.</summary>
    /// <exception cref="ArgumentException"><paramref name="message32"/> is not 32 bytes long.</exception>
    public bool Verify(XOnlyPublicKey key, ReadOnlySpan<byte> message32, PublicKey point) => TryVerify(key, message32, point, out _);

    private byte[] Challenge(XOnlyPublicKey key, ReadOnlySpan<byte> message32) => Bip340Challenge.Compute(FinalNonceX, key, message32);
}
