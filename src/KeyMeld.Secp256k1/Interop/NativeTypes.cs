using System.Runtime.CompilerServices;

namespace KeyMeld.Secp256k1.Interop;

// The opaque structures of libsecp256k1's headers that hold no secret. Their sizes are part of its ABI; NativeSelfTest checks them against the library.

/// <summary>secp256k1_pubkey (secp256k1.h).</summary>
[InlineArray(Size)]
internal struct NativePublicKey
{
    public const int Size = 64;
    private byte _first;
}

/// <summary>secp256k1_xonly_pubkey (secp256k1_extrakeys.h).</summary>
[InlineArray(Size)]
internal struct NativeXOnlyPublicKey
{
    public const int Size = 64;
    private byte _first;
}

/// <summary>secp256k1_ecdsa_signature (secp256k1.h).</summary>
[InlineArray(Size)]
internal struct NativeEcdsaSignature
{
    public const int Size = 64;
    private byte _first;
}

/// <summary>secp256k1_musig_keyagg_cache (secp256k1_musig.h).</summary>
[InlineArray(Size)]
internal struct NativeKeyAggCache
{
    public const int Size = 197;
    private byte _first;
}

/// <summary>secp256k1_musig_pubnonce (secp256k1_musig.h).</summary>
[InlineArray(Size)]
internal struct NativePublicNonce
{
    public const int Size = 132;
    private byte _first;
}

/// <summary>secp256k1_musig_aggnonce (secp256k1_musig.h).</summary>
[InlineArray(Size)]
internal struct NativeAggregateNonce
{
    public const int Size = 132;
    private byte _first;
}

/// <summary>secp256k1_musig_session (secp256k1_musig.h).</summary>
[InlineArray(Size)]
internal struct NativeSession
{
    public const int Size = 133;
    private byte _first;
}

/// <summary>secp256k1_musig_partial_sig (secp256k1_musig.h).</summary>
[InlineArray(Size)]
internal struct NativePartialSignature
{
    public const int Size = 36;
    private byte _first;
}

/// <summary>Sizes of the opaque structures that hold secrets; these live only behind a <see cref="Memory.LockedHandle"/>.</summary>
internal static class NativeSecretSize
{
    /// <summary>A scalar: secret key or session_secrand32.</summary>
    public const int Scalar = 32;

    /// <summary>secp256k1_keypair (secp256k1_extrakeys.h).</summary>
    public const int Keypair = 96;

    /// <summary>secp256k1_musig_secnonce (secp256k1_musig.h).</summary>
    public const int SecretNonce = 132;
}
