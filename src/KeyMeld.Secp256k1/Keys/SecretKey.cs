// BIP-340: key generation and signing. SEC 1, section 3.3.1: Diffie-Hellman primitive.
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using KeyMeld.Secp256k1.Interop;
using KeyMeld.Secp256k1.Memory;

namespace KeyMeld.Secp256k1;

/// <summary>
/// A secret key of secp256k1 with its public key. The secret lives in locked memory and is wiped when this object is disposed. All members may be called
/// from several threads; after <see cref="Dispose"/> those that need the secret throw <see cref="ObjectDisposedException"/>.
/// </summary>
[DebuggerDisplay("{ToString(),nq}")]
public sealed partial class SecretKey : IDisposable
{
    /// <summary>The length of the secret: 32 bytes, big-endian.</summary>
    public const int Size = NativeSecretSize.Scalar;

    private readonly SecretScalarHandle _secret;

    private SecretKey(SecretScalarHandle secret, KeypairHandle keypair)
    {
        _secret = secret;
        Keypair = keypair;
        var context = NativeContext.Pointer;
        if (Native.secp256k1_keypair_pub(context, out var publicKey, keypair) != 1)
            throw Misuse.Unexpected();
        PublicKey = new PublicKey(publicKey);
        XOnlyPublicKey = PublicKey.ToXOnly();
    }

    /// <summary>The public key, with the y the secret gives it.</summary>
    public PublicKey PublicKey { get; }

    /// <summary>The public key of BIP-340.</summary>
    public XOnlyPublicKey XOnlyPublicKey { get; }

    internal KeypairHandle Keypair { get; }

    internal SecretScalarHandle Scalar => _secret;

    /// <summary>Draws a new key from <see cref="SecureRandom"/>.</summary>
    /// <exception cref="SecureMemoryException">No locked memory could be had.</exception>
    public static SecretKey Generate()
    {
        while (true)
        {
            if (TryOwn(SecretScalarHandle.Random(), out var key))
                return key;
        }
    }

    /// <summary>Copies a secret of 32 bytes. The caller wipes the source.</summary>
    /// <returns>False if the length is wrong, or the secret is zero or not below the group order.</returns>
    /// <exception cref="SecureMemoryException">No locked memory could be had.</exception>
    public static bool TryImport(ReadOnlySpan<byte> secret32, [NotNullWhen(true)] out SecretKey? key)
    {
        key = null;
        return secret32.Length == Size && TryOwn(SecretScalarHandle.CopyFrom(secret32), out key);
    }

    /// <summary>Copies a secret of 32 bytes. The caller wipes the source.</summary>
    /// <exception cref="CryptographicException">The length is wrong, or the secret is zero or not below the group order.</exception>
    /// <exception cref="SecureMemoryException">No locked memory could be had.</exception>
    public static SecretKey Import(ReadOnlySpan<byte> secret32) =>
        TryImport(secret32, out var key) ? key : throw new CryptographicException("Not a secp256k1 secret key of 32 bytes.");

    /// <summary>Copies the secret out. The caller wipes the destination.</summary>
    /// <exception cref="ArgumentException"><paramref name="destination32"/> is not 32 bytes long.</exception>
    public void Export(Span<byte> destination32)
    {
        Require.Length(destination32, Size);
        _secret.CopyTo(destination32);
    }

    /// <summary>Copies the secret into locked memory of its own, which the caller disposes.</summary>
    public SecretBytes Export()
    {
        var copy = SecretBytes.Allocate(Size);
        _secret.CopyTo(copy.Writable);
        return copy;
    }

    /// <summary>Signs a 32-byte digest as BIP-340 says, with fresh auxiliary randomness, and verifies the signature before giving it out.</summary>
    /// <exception cref="ArgumentException"><paramref name="digest32"/> is not 32 bytes long.</exception>
    public SchnorrSignature SignSchnorr(ReadOnlySpan<byte> digest32)
    {
        using var aux = SecretScalarHandle.Random();
        return SignSchnorr(digest32, aux);
    }

    /// <summary>Signs as <see cref="SignSchnorr(ReadOnlySpan{byte})"/>, with the given 32 bytes of auxiliary randomness (BIP-340 allows any, even a constant).</summary>
    /// <exception cref="ArgumentException"><paramref name="digest32"/> or <paramref name="aux32"/> is not 32 bytes long.</exception>
    public SchnorrSignature SignSchnorr(ReadOnlySpan<byte> digest32, ReadOnlySpan<byte> aux32)
    {
        Require.Length(aux32, 32);
        using var aux = SecretScalarHandle.CopyFrom(aux32);
        return SignSchnorr(digest32, aux);
    }

    /// <summary>The x coordinate of the Diffie-Hellman point with <paramref name="other"/>: 32 bytes, unhashed, for a key derivation (HPKE's DHKEM).</summary>
    /// <returns>The secret, which the caller disposes.</returns>
    public unsafe SecretBytes SharedX(PublicKey other)
    {
        ArgumentNullException.ThrowIfNull(other);
        var shared = SecretBytes.Allocate(32);
        var done = false;
        try
        {
            if (Native.secp256k1_ecdh(NativeContext.Pointer, shared.Handle, other.NativeForm, _secret, &Ecdh.CopyX, null) != 1)
                throw Misuse.Unexpected();
            done = true;
            return shared;
        }
        finally
        {
            if (!done)
                shared.Dispose();
        }
    }

    /// <summary>Wipes the secret.</summary>
    public void Dispose()
    {
        _secret.Dispose();
        Keypair.Dispose();
    }

    /// <summary>The type and the public key; never the secret.</summary>
    public override string ToString() => $"{nameof(SecretKey)} of {PublicKey}";

    internal static bool TryOwn(SecretScalarHandle secret, [NotNullWhen(true)] out SecretKey? key)
    {
        KeypairHandle? keypair = null;
        key = null;
        try
        {
            keypair = new KeypairHandle();
            if (Native.secp256k1_keypair_create(NativeContext.Pointer, keypair, secret) == 1)
                key = new SecretKey(secret, keypair);
            return key is not null;
        }
        finally
        {
            if (key is null)
            {
                keypair?.Dispose();
                secret.Dispose();
            }
        }
    }

    private SchnorrSignature SignSchnorr(ReadOnlySpan<byte> digest32, SecretScalarHandle aux)
    {
        Require.Length(digest32, 32);
        Span<byte> bytes = stackalloc byte[SchnorrSignature.Size];
        if (Native.secp256k1_schnorrsig_sign32(NativeContext.Pointer, bytes, digest32, Keypair, aux) != 1)
            throw Misuse.Unexpected();
        var signature = SchnorrSignature.Parse(bytes);
        // A signature computed wrongly can give the key away (BIP-340, "Default Signing").
        return XOnlyPublicKey.Verify(digest32, signature) ? signature : throw new CryptographicException("The signature did not verify; it was not given out.");
    }
}
