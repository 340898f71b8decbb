// BIP-327, "Session Context", "Signing", "Partial Signature Verification" and "Partial Signature Aggregation".
using System.Security.Cryptography;
using KeyMeld.Secp256k1.Interop;

namespace KeyMeld.Secp256k1;

/// <summary>
/// One message signed by one group with one set of nonces: the challenge and everything else that follows from them. Immutable and usable from all threads;
/// signers in one process share it.
/// </summary>
public sealed class SigningSession
{
    private readonly NativeSession _native;
    private readonly Bytes32 _message;
    private byte[]? _finalNonceX;

    private SigningSession(in NativeSession native, AggregateNonce nonce, ReadOnlySpan<byte> message32, KeyAggregation aggregation)
    {
        _native = native;
        message32.CopyTo(_message);
        Nonce = nonce;
        Aggregation = aggregation;
    }

    /// <summary>The aggregate nonce, with the adaptor point if there is one.</summary>
    public AggregateNonce Nonce { get; }

    /// <summary>The keys and tweaks.</summary>
    public KeyAggregation Aggregation { get; }

    /// <summary>The 32-byte message.</summary>
    public ReadOnlySpan<byte> Message => _message;

    /// <summary>The x coordinate of the final nonce: the first half of the signature. 32 bytes.</summary>
    public ReadOnlySpan<byte> FinalNonceX => _finalNonceX ??= ComputeFinalNonceX();

    /// <summary>Starts a session.</summary>
    /// <param name="nonce">The aggregate of one public nonce of every signer.</param>
    /// <param name="message32">The 32-byte message.</param>
    /// <param name="aggregation">The keys and tweaks.</param>
    /// <exception cref="ArgumentException"><paramref name="message32"/> is not 32 bytes long.</exception>
    public static SigningSession Create(AggregateNonce nonce, ReadOnlySpan<byte> message32, KeyAggregation aggregation)
    {
        ArgumentNullException.ThrowIfNull(nonce);
        ArgumentNullException.ThrowIfNull(aggregation);
        Require.Length(message32, 32);
        if (Native.secp256k1_musig_nonce_process(NativeContext.Pointer, out var native, nonce.NativeForm, message32, aggregation.Cache) != 1)
            throw Misuse.Unexpected();
        return new SigningSession(native, nonce, message32, aggregation);
    }

    /// <summary>
    /// Signs. Whatever happens, the nonce is used up and wiped. The result is not verified: a caller that gives it out without verifying the whole
    /// signature uses <see cref="SignAndVerify"/>.
    /// </summary>
    /// <exception cref="SecretNonceUsedException">The nonce was used or disposed before.</exception>
    /// <exception cref="CryptographicException">The nonce was made for another key, message or aggregate key, or the key is not among the keys of this session.</exception>
    public PartialSignature Sign(SecretNonce nonce, SecretKey key)
    {
        ArgumentNullException.ThrowIfNull(nonce);
        using var secret = nonce.Take();
        ArgumentNullException.ThrowIfNull(key);
        if (!nonce.Signer.Equals(key.PublicKey))
            throw new CryptographicException("The nonce was made for another key.");
        if (!nonce.Message.SequenceEqual(Message) || !nonce.AggregateKey.Equals(Aggregation.AggregateKey))
            throw new CryptographicException("The nonce was made for another message or another aggregate key.");
        // The library does not look for the signer among the keys (BIP-327 leaves it to the implementation).
        if (!Aggregation.Contains(key.PublicKey))
            throw new CryptographicException("The signer's key is not among the keys of this session.");
        if (Native.secp256k1_musig_partial_sign(NativeContext.Pointer, out var native, secret, key.Keypair, Aggregation.Cache, _native) != 1)
            throw Misuse.Unexpected();
        return new PartialSignature(native);
    }

    /// <summary>Signs as <see cref="Sign"/> does and verifies the partial signature before giving it out (47 µs), against faults in the computation.</summary>
    /// <exception cref="SecretNonceUsedException">The nonce was used or disposed before.</exception>
    /// <exception cref="CryptographicException">As for <see cref="Sign"/>, or the partial signature did not verify.</exception>
    public PartialSignature SignAndVerify(SecretNonce nonce, SecretKey key)
    {
        var signature = Sign(nonce, key);
        return VerifyPartial(signature, nonce.PublicNonce, key.PublicKey)
            ? signature
            : throw new CryptographicException("The partial signature did not verify; it was not given out.");
    }

    /// <summary>Verifies one signer's partial signature. It proves nothing to third parties (BIP-327): it only tells who spoiled a session.</summary>
    /// <param name="signature">The partial signature.</param>
    /// <param name="nonce">The signer's public nonce, one of those aggregated.</param>
    /// <param name="key">The signer's public key.</param>
    /// <returns>Whether it is valid; false also if <paramref name="key"/> is not among the keys of this session.</returns>
    public bool VerifyPartial(PartialSignature signature, PublicNonce nonce, PublicKey key)
    {
        ArgumentNullException.ThrowIfNull(signature);
        ArgumentNullException.ThrowIfNull(nonce);
        return Aggregation.Contains(key) && Native.secp256k1_musig_partial_sig_verify(
            NativeContext.Pointer, signature.NativeForm, nonce.NativeForm, key.NativeForm, Aggregation.Cache, _native) == 1;
    }

    /// <summary>
    /// Adds up the partial signatures, one of every signer. The result is unverified: call <see cref="XOnlyPublicKey.Verify"/> with
    /// <see cref="KeyAggregation.OutputKey"/>, and on failure <see cref="VerifyPartial"/> to find the culprit. With an adaptor point it is a pre-signature.
    /// </summary>
    /// <exception cref="ArgumentException">There are none.</exception>
    public unsafe SchnorrSignature Aggregate(IReadOnlyList<PartialSignature> signatures)
    {
        Require.NotEmpty(signatures);
        using var table = new PointerTable<NativePartialSignature>(signatures.Count);
        foreach (var signature in signatures)
            table.Add(signature.NativeForm);
        Span<byte> bytes = stackalloc byte[SchnorrSignature.Size];
        if (Native.secp256k1_musig_partial_sig_agg(NativeContext.Pointer, bytes, _native, table.Pointers, table.Count) != 1)
            throw Misuse.Unexpected();
        return SchnorrSignature.Parse(bytes);
    }

    // The library has no accessor for it; the first half of an aggregate of any partial signatures is the final nonce.
    private byte[] ComputeFinalNonceX() => Aggregate([PartialSignature.Parse(new byte[PartialSignature.Size])]).Bytes[..32].ToArray();
}
