// BIP-327, "Nonce Generation". The signer's key, the aggregate key, the message and the extra input go into the nonce besides the randomness, as the BIP recommends.
using System.Diagnostics;
using KeyMeld.Secp256k1.Interop;
using KeyMeld.Secp256k1.Memory;

namespace KeyMeld.Secp256k1;

/// <summary>
/// A signer's secret nonce: good for one signature, with the key, for the message and the aggregate key it was made for. It cannot be exported, copied or
/// stored. Using it up, a failed use and <see cref="Dispose"/> all wipe it.
/// </summary>
[DebuggerDisplay("{ToString(),nq}")]
public sealed class SecretNonce : IDisposable
{
    private readonly Bytes32 _message;
    private SecretNonceHandle? _handle;

    private SecretNonce(SecretNonceHandle handle, PublicNonce publicNonce, PublicKey signer, PublicKey aggregateKey, ReadOnlySpan<byte> message32)
    {
        _handle = handle;
        PublicNonce = publicNonce;
        Signer = signer;
        AggregateKey = aggregateKey;
        message32.CopyTo(_message);
    }

    /// <summary>The public nonce that belongs to it.</summary>
    public PublicNonce PublicNonce { get; }

    /// <summary>The public key of the signer it was made for.</summary>
    public PublicKey Signer { get; }

    internal PublicKey AggregateKey { get; }

    internal ReadOnlySpan<byte> Message => _message;

    /// <summary>Draws a nonce from <see cref="SecureRandom"/>.</summary>
    /// <param name="key">The key that will sign.</param>
    /// <param name="aggregation">The keys and tweaks it will sign for.</param>
    /// <param name="message32">The 32-byte message it will sign.</param>
    /// <param name="extraInput32">32 bytes that tell this use apart from all others: a hash of session, item, attempt and everything else that was agreed.</param>
    /// <param name="publicNonce">The public nonce, for the other signers.</param>
    /// <exception cref="ArgumentException">An input does not have 32 bytes, or <paramref name="key"/> is not among the keys of <paramref name="aggregation"/>.</exception>
    /// <exception cref="SecureMemoryException">No locked memory could be had.</exception>
    public static SecretNonce Generate(
        SecretKey key, KeyAggregation aggregation, ReadOnlySpan<byte> message32, ReadOnlySpan<byte> extraInput32, out PublicNonce publicNonce)
    {
        using var randomness = SecretScalarHandle.Random();
        return Generate(randomness, key, aggregation, message32, extraInput32, out publicNonce);
    }

    /// <summary>Wipes the nonce, if it has not been used.</summary>
    public void Dispose() => Interlocked.Exchange(ref _handle, null)?.Dispose();

    /// <summary>The type and the public nonce; never the secret.</summary>
    public override string ToString() => $"{nameof(SecretNonce)} of {PublicNonce}";

    internal static unsafe SecretNonce Generate(
        SecretScalarHandle randomness, SecretKey key, KeyAggregation aggregation, ReadOnlySpan<byte> message32, ReadOnlySpan<byte> extraInput32,
        out PublicNonce publicNonce)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(aggregation);
        Require.Length(message32, 32);
        Require.Length(extraInput32, 32);
        if (!aggregation.Contains(key.PublicKey))
            throw new ArgumentException("The signer's key is not among the aggregated keys.", nameof(key));
        var handle = new SecretNonceHandle();
        var success = false;
        try
        {
            fixed (NativeKeyAggCache* cache = &aggregation.Cache)
            {
                if (Native.secp256k1_musig_nonce_gen(NativeContext.Pointer, handle, out var native, randomness, key.Scalar, key.PublicKey.NativeForm,
                    message32, cache, extraInput32) != 1)
                    throw Misuse.Unexpected();
                publicNonce = new PublicNonce(native);
            }
            var nonce = new SecretNonce(handle, publicNonce, key.PublicKey, aggregation.AggregateKey, message32);
            success = true;
            return nonce;
        }
        finally
        {
            if (!success)
                handle.Dispose();
        }
    }

    /// <summary>For known secret nonces of published vectors.</summary>
    internal static SecretNonce Adopt(SecretNonceHandle handle, PublicNonce publicNonce, PublicKey signer, KeyAggregation aggregation, ReadOnlySpan<byte> message32) =>
        new(handle, publicNonce, signer, aggregation.AggregateKey, message32);

    /// <summary>Takes the nonce out: the first caller gets it, all others the exception.</summary>
    internal SecretNonceHandle Take() => Interlocked.Exchange(ref _handle, null) ?? throw new SecretNonceUsedException();
}
