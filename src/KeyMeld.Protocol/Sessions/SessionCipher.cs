// protocol.md section 2, "session encryption": key = HKDF-SHA256(ikm = session secret, salt = manifest hash, info = "KeyMeld/v1/session/<purpose>" ‖ 0x00 ‖ SHA-256(aad)).
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Protocol.Sessions;

/// <summary>Encrypts for everybody in a group, and only for one purpose and aad at a time. Borrows the secret: dispose that, not this.</summary>
public sealed class SessionCipher
{
    private readonly SessionSecret _secret;
    private readonly Hash32 _manifest;

    /// <summary>The cipher of one group.</summary>
    /// <param name="secret">The session secret; it must live as long as this.</param>
    /// <param name="manifest">The manifest hash.</param>
    /// <exception cref="ArgumentException">The hash was never set.</exception>
    public SessionCipher(SessionSecret secret, Hash32 manifest)
    {
        _secret = secret;
        _manifest = manifest.IsDefault ? throw new ArgumentException("The manifest hash was never set.", nameof(manifest)) : manifest;
    }

    /// <summary>Encrypts under a fresh random nonce.</summary>
    /// <param name="purpose">One of <see cref="Purposes"/>.</param>
    /// <param name="aad">From <see cref="Aad"/>, for that purpose.</param>
    /// <param name="plaintext">Any length.</param>
    public byte[] Encrypt(string purpose, ReadOnlySpan<byte> aad, ReadOnlySpan<byte> plaintext)
    {
        Span<byte> key = stackalloc byte[KeyDerivation.KeySize];
        try
        {
            DeriveKey(purpose, aad, key);
            return AesGcmWire.Encrypt(key, aad, plaintext);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    /// <summary>Decrypts; false where the wire was not made under this secret, manifest, purpose and aad, or was altered.</summary>
    public bool TryDecrypt(string purpose, ReadOnlySpan<byte> aad, ReadOnlySpan<byte> wire, [NotNullWhen(true)] out byte[]? plaintext)
    {
        Span<byte> key = stackalloc byte[KeyDerivation.KeySize];
        try
        {
            DeriveKey(purpose, aad, key);
            return AesGcmWire.TryDecrypt(key, aad, wire, out plaintext);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    internal void DeriveKey(string purpose, ReadOnlySpan<byte> aad, Span<byte> key)
    {
        var label = System.Text.Encoding.ASCII.GetBytes("KeyMeld/v1/session/" + purpose);
        var info = new byte[label.Length + 1 + Hash32.Size];
        label.CopyTo(info, 0);
        SHA256.HashData(aad, info.AsSpan(label.Length + 1));
        KeyDerivation.Derive(_secret.Span, _manifest.Bytes, info, key);
    }
}
