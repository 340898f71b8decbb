// BIP-340, "Verification": s·G = R + e·P. With R announced beforehand, everybody knows the point of a signature that nobody has made yet (discreet log contracts).
namespace KeyMeld.Secp256k1;

/// <summary>Signatures of an oracle, before and after it gives them.</summary>
public static class AnticipatedSignature
{
    /// <summary>
    /// The point s·G of the signature that the owner of <paramref name="signer"/> would give over <paramref name="message"/> with the announced nonce: an adaptor point whose
    /// secret is that signature's s.
    /// </summary>
    /// <param name="signer">The oracle's key.</param>
    /// <param name="nonce">x of the nonce it announced for this message.</param>
    /// <param name="message">What it would sign; BIP-340 allows any length.</param>
    /// <exception cref="System.Security.Cryptography.CryptographicException">The point is infinity: the announced nonce was made to cancel the key.</exception>
    public static PublicKey Point(XOnlyPublicKey signer, XOnlyPublicKey nonce, ReadOnlySpan<byte> message)
    {
        ArgumentNullException.ThrowIfNull(signer);
        ArgumentNullException.ThrowIfNull(nonce);
        var multiple = Points.Multiply(signer.Point, Bip340Challenge.Compute(nonce.Bytes, signer, message));
        return Points.Sum(nonce.Point, multiple) ?? throw new System.Security.Cryptography.CryptographicException("The announced nonce cancels the key.");
    }

    /// <summary>The secret of <see cref="Point"/>, from the signature once it is given: its s.</summary>
    /// <returns>The secret, which the caller disposes.</returns>
    /// <exception cref="System.Security.Cryptography.CryptographicException">s is zero or not below the group order.</exception>
    public static SecretKey Secret(SchnorrSignature signature)
    {
        ArgumentNullException.ThrowIfNull(signature);
        return SecretKey.Import(signature.Bytes[32..]);
    }
}
