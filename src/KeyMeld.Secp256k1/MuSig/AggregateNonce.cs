// BIP-327, "Nonce Aggregation". The adaptor point enters as a summand of the first nonce, as in secp256k1-zkp's nonce_process.
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using KeyMeld.Secp256k1.Interop;

namespace KeyMeld.Secp256k1;

/// <summary>The sum of the signers' public nonces (BIP-327 aggnonce): 66 bytes; a half of 33 zeros stands for the point at infinity.</summary>
public sealed class AggregateNonce : PublicValue<AggregateNonce>
{
    /// <summary>The length: 66 bytes.</summary>
    public const int Size = 66;

    private readonly NativeAggregateNonce _native;
    private readonly Bytes66 _bytes;

    private AggregateNonce(in NativeAggregateNonce native)
    {
        _native = native;
        if (Native.secp256k1_musig_aggnonce_serialize(NativeContext.Pointer, _bytes, native) != 1)
            throw Misuse.Unexpected();
    }

    /// <summary>The 66 bytes.</summary>
    public override ReadOnlySpan<byte> Bytes => _bytes;

    internal ref readonly NativeAggregateNonce NativeForm => ref _native;

    /// <summary>Reads 66 bytes.</summary>
    /// <returns>False if the length is wrong or one of the halves is neither a compressed point nor 33 zeros.</returns>
    public static bool TryParse(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out AggregateNonce? nonce)
    {
        NativeAggregateNonce native = default;
        var valid = bytes.Length == Size && Native.secp256k1_musig_aggnonce_parse(NativeContext.Pointer, out native, bytes) == 1;
        nonce = valid ? new AggregateNonce(native) : null;
        return valid;
    }

    /// <summary>Reads 66 bytes.</summary>
    /// <exception cref="CryptographicException">They are not an aggregate nonce (see <see cref="TryParse"/>).</exception>
    public static AggregateNonce Parse(ReadOnlySpan<byte> bytes) =>
        TryParse(bytes, out var nonce) ? nonce : throw new CryptographicException("Not a MuSig2 aggregate nonce of 66 bytes.");

    /// <summary>Adds up the public nonces, one of every signer (BIP-327 NonceAgg). Their order does not matter.</summary>
    /// <exception cref="ArgumentException">There are none.</exception>
    public static unsafe AggregateNonce Aggregate(IReadOnlyList<PublicNonce> nonces)
    {
        Require.NotEmpty(nonces);
        using var table = new PointerTable<NativePublicNonce>(nonces.Count);
        foreach (var nonce in nonces)
            table.Add(nonce.NativeForm);
        if (Native.secp256k1_musig_nonce_agg(NativeContext.Pointer, out var native, table.Pointers, table.Count) != 1)
            throw Misuse.Unexpected();
        return new AggregateNonce(native);
    }

    /// <summary>
    /// Adds the adaptor point to the first nonce, so that the session's aggregate is a pre-signature which the discrete logarithm of <paramref name="point"/>
    /// completes, and so that the nonce coefficient binds the point.
    /// </summary>
    /// <remarks>
    /// The point must be fixed before anybody's nonce is seen: one chosen afterwards, over many concurrent sessions, lets a cosigner forge. The aggregate of
    /// such a session verifies only after completion; verify every partial signature instead.
    /// </remarks>
    public AggregateNonce WithAdaptor(PublicKey point)
    {
        ArgumentNullException.ThrowIfNull(point);
        Span<byte> bytes = stackalloc byte[Size];
        Bytes.CopyTo(bytes);
        var first = bytes[..PublicKey.Size];
        PublicKey? sum = point;
        if (!first.ContainsAnyExcept((byte)0) || PublicKey.TryCombine([PublicKey.Parse(first), point], out sum))
            sum.Bytes.CopyTo(first);
        else
            first.Clear(); // the point cancels the first nonce
        return Parse(bytes);
    }
}
