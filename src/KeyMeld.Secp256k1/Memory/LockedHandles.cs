using KeyMeld.Secp256k1.Interop;

namespace KeyMeld.Secp256k1.Memory;

// One type per kind of secret, so that the compiler refuses to hand a nonce where C expects a key, or a span where it expects a secret.

/// <summary>A secret of the application's own form (<see cref="SecretBytes"/>).</summary>
internal sealed class SecretBytesHandle(int length) : LockedHandle(length);

/// <summary>32 secret bytes: a secret key, or randomness for a nonce.</summary>
internal sealed class SecretScalarHandle() : LockedHandle(NativeSecretSize.Scalar)
{
    public static SecretScalarHandle Random()
    {
        var scalar = new SecretScalarHandle();
        SecureRandom.Fill(scalar.Span);
        return scalar;
    }

    public static SecretScalarHandle CopyFrom(ReadOnlySpan<byte> secret32)
    {
        var scalar = new SecretScalarHandle();
        secret32.CopyTo(scalar.Span);
        return scalar;
    }
}

/// <summary>A secp256k1_keypair. <paramref name="guard"/>: bytes after it, for <see cref="NativeSelfTest"/>.</summary>
internal sealed class KeypairHandle(int guard = 0) : LockedHandle(NativeSecretSize.Keypair + guard);

/// <summary>A secp256k1_musig_secnonce. <paramref name="guard"/>: bytes after it, for <see cref="NativeSelfTest"/>.</summary>
internal sealed class SecretNonceHandle(int guard = 0) : LockedHandle(NativeSecretSize.SecretNonce + guard);
