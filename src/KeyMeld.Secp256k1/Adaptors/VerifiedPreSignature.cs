// s = s' + t if the final nonce has an even y, s = s' − t if it is odd; t is the difference the other way round. The 65-byte form is that of libraries which keep
// the nonce without the adaptor point: (R' − T) compressed ‖ s', so that the parity is in it.
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using KeyMeld.Secp256k1.Interop;
using KeyMeld.Secp256k1.Memory;

namespace KeyMeld.Secp256k1;

/// <summary>A pre-signature that was verified, with all it was verified for. Public; immutable.</summary>
public sealed class VerifiedPreSignature : IEquatable<VerifiedPreSignature>
{
    /// <summary>The length of the form with the nonce without the adaptor point: 65 bytes.</summary>
    public const int NonceFormSize = PublicKey.Size + 32;

    private readonly Bytes32 _message;

    internal VerifiedPreSignature(PreSignature preSignature, XOnlyPublicKey key, ReadOnlySpan<byte> message32, PublicKey point, bool hasOddNonce)
    {
        PreSignature = preSignature;
        Key = key;
        message32.CopyTo(_message);
        Point = point;
        HasOddNonce = hasOddNonce;
    }

    /// <summary>The pre-signature.</summary>
    public PreSignature PreSignature { get; }

    /// <summary>The key the signature will verify under.</summary>
    public XOnlyPublicKey Key { get; }

    /// <summary>The 32-byte message.</summary>
    public ReadOnlySpan<byte> Message => _message;

    /// <summary>The adaptor point T.</summary>
    public PublicKey Point { get; }

    /// <summary>Whether the final nonce R' has an odd y, so that the secret is subtracted rather than added. It follows from the rest.</summary>
    public bool HasOddNonce { get; }

    /// <summary>Reads the 65-byte form, (R' − T) compressed and s', and verifies it.</summary>
    /// <param name="bytes">65 bytes.</param>
    /// <param name="key">The key the signature will verify under.</param>
    /// <param name="message32">The 32-byte message.</param>
    /// <param name="point">The adaptor point T.</param>
    /// <param name="verified">What <see cref="PreSignature.TryVerify"/> would give for its 64-byte form.</param>
    /// <returns>False if it is not of that form, or not valid.</returns>
    /// <exception cref="ArgumentException"><paramref name="message32"/> is not 32 bytes long.</exception>
    public static bool TryParseNonceForm(
        ReadOnlySpan<byte> bytes, XOnlyPublicKey key, ReadOnlySpan<byte> message32, PublicKey point, [NotNullWhen(true)] out VerifiedPreSignature? verified)
    {
        ArgumentNullException.ThrowIfNull(point);
        verified = null;
        if (bytes.Length != NonceFormSize || !PublicKey.TryParse(bytes[..PublicKey.Size], out var nonce) || Points.Sum(nonce, point) is not { } final)
            return false;
        Span<byte> folded = stackalloc byte[PreSignature.Size];
        final.Bytes[1..].CopyTo(folded);
        bytes[PublicKey.Size..].CopyTo(folded[32..]);
        // The parity that the nonce says and the one the equation says must be the same.
        if (PreSignature.TryParse(folded, out var preSignature) && preSignature.TryVerify(key, message32, point, out var read)
            && read.HasOddNonce == final.HasOddY)
            verified = read;
        return verified is not null;
    }

    /// <summary>The 65-byte form: the nonce without the adaptor point, compressed, then s'.</summary>
    public byte[] ToNonceForm()
    {
        var final = HasOddNonce ? Points.Negate(PreSignature.FinalNonce) : PreSignature.FinalNonce;
        // Infinity would need s' = e·p: whoever can make that knows the key, and has signed without a nonce.
        var nonce = Points.Sum(final, Points.Negate(Point)) ?? throw new CryptographicException("The nonce of this pre-signature is the adaptor point alone; it has no 65-byte form.");
        return [.. nonce.Bytes, .. PreSignature.Scalar];
    }

    /// <summary>Completes the pre-signature, and verifies the signature before giving it out. Publishing it reveals the secret to everybody who has the pre-signature.</summary>
    /// <param name="secret">t, the secret of <see cref="Point"/>; of several points, see <see cref="SecretKey.Sum"/>.</param>
    /// <exception cref="CryptographicException">It is not the secret of the adaptor point.</exception>
    public SchnorrSignature Adapt(SecretKey secret)
    {
        ArgumentNullException.ThrowIfNull(secret);
        if (!secret.PublicKey.Equals(Point))
            throw new CryptographicException("This is not the secret of the adaptor point.");
        Span<byte> bytes = stackalloc byte[SchnorrSignature.Size];
        PreSignature.FinalNonceX.CopyTo(bytes);
        using (var scalar = Signed(secret))
        {
            if (Native.secp256k1_ec_seckey_tweak_add(NativeContext.Pointer, scalar, PreSignature.Scalar) != 1)
                throw new CryptographicException("The secret cancels the pre-signature.");
            scalar.CopyTo(bytes[32..]);
        }
        var signature = SchnorrSignature.Parse(bytes);
        return Key.Verify(Message, signature) ? signature : throw new CryptographicException("The signature did not verify; it was not given out.");
    }

    /// <summary>Completes the pre-signature with all the secrets of a sum of points; see <see cref="Adapt(SecretKey)"/>.</summary>
    /// <exception cref="ArgumentException">There are none.</exception>
    /// <exception cref="CryptographicException">They do not add up to the secret of the adaptor point.</exception>
    public SchnorrSignature Adapt(IReadOnlyList<SecretKey> secrets)
    {
        using var sum = SecretKey.Sum(secrets);
        return Adapt(sum);
    }

    /// <summary>Learns the secret of the adaptor point from the signature that was made of this pre-signature.</summary>
    /// <param name="signature">The published signature.</param>
    /// <param name="secret">t, which the caller disposes.</param>
    /// <returns>False if it is another signature: for example one over the same message that was not made of this pre-signature.</returns>
    /// <exception cref="SecureMemoryException">No locked memory could be had.</exception>
    public bool TryExtract(SchnorrSignature signature, [NotNullWhen(true)] out SecretKey? secret)
    {
        ArgumentNullException.ThrowIfNull(signature);
        secret = null;
        if (!signature.Bytes[..32].SequenceEqual(PreSignature.FinalNonceX))
            return false;
        var scalar = Difference(signature.Bytes[32..]);
        if (scalar is null || !SecretKey.TryOwn(scalar, out var candidate))
            return false;
        if (candidate.PublicKey.Equals(Point))
            secret = candidate;
        else
            candidate.Dispose();
        return secret is not null;
    }

    /// <summary>Whether both are the same pre-signature for the same key, message and point.</summary>
    public bool Equals(VerifiedPreSignature? other) =>
        other is not null && PreSignature.Equals(other.PreSignature) && Key.Equals(other.Key) && Point.Equals(other.Point) && Message.SequenceEqual(other.Message);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as VerifiedPreSignature);

    /// <inheritdoc/>
    public override int GetHashCode() => PreSignature.GetHashCode();

    // t, or −t where the nonce is odd, in memory of its own.
    private SecretScalarHandle Signed(SecretKey secret)
    {
        var scalar = new SecretScalarHandle();
        secret.Scalar.CopyTo(scalar.Span);
        if (HasOddNonce && Native.secp256k1_ec_seckey_negate(NativeContext.Pointer, scalar) != 1)
        {
            scalar.Dispose();
            throw Misuse.Unexpected();
        }
        return scalar;
    }

    // (−1)^p (s − s'): null where that is zero or s is no scalar, which no signature of a valid pre-signature gives.
    private SecretScalarHandle? Difference(ReadOnlySpan<byte> s)
    {
        var context = NativeContext.Pointer;
        var scalar = SecretScalarHandle.CopyFrom(PreSignature.Scalar);
        var isZero = !PreSignature.Scalar.ContainsAnyExcept((byte)0);
        if (isZero)
            s.CopyTo(scalar.Span);
        var done = isZero || (Native.secp256k1_ec_seckey_negate(context, scalar) == 1 && Native.secp256k1_ec_seckey_tweak_add(context, scalar, s) == 1);
        if (done && HasOddNonce)
            done = Native.secp256k1_ec_seckey_negate(context, scalar) == 1;
        if (done)
            return scalar;
        scalar.Dispose();
        return null;
    }
}
