// PBKDF2: RFC 8018 section 5.2 with HMAC-SHA256; its 32 bytes are expanded by HKDF (RFC 5869 section 2.3).
using System.Buffers.Binary;
using System.Security.Cryptography;
using KeyMeld.Protocol.Errors;
using KeyMeld.Secp256k1;

namespace KeyMeld.Client;

/// <summary>
/// Head of the secret store, 78 bytes: "KEYMELDS", version (1), key derivation (0 none, 1 PBKDF2-SHA256), iterations (4, big-endian), salt (16), key check (16),
/// SHA-256 of all that. The key check tells a wrong passphrase from a damaged file: the key and it are the first 32 and the next 16 bytes expanded from what PBKDF2 derives.
/// </summary>
internal sealed class SecretStoreHeader
{
    public const int Size = ChecksumAt + SHA256.HashSizeInBytes;
    public const int Iterations = 600_000;
    private const int MostIterations = 50_000_000;
    private const int VersionAt = 8;
    private const int DerivationAt = 9;
    private const int IterationsAt = 10;
    private const int SaltAt = 14;
    private const int CheckAt = 30;
    private const int ChecksumAt = 46;
    private const int KeySize = 32;
    private const int CheckSize = ChecksumAt - CheckAt;
    private readonly byte[] _bytes;

    private SecretStoreHeader(byte[] bytes) => _bytes = bytes;

    private static ReadOnlySpan<byte> Magic => "KEYMELDS"u8;

    public ReadOnlySpan<byte> Bytes => _bytes;

    public bool HasPassphrase => _bytes[DerivationAt] == 1;

    /// <summary>A fresh header for a passphrase (empty: none) and the key to go with it.</summary>
    public static (SecretStoreHeader Header, SecretBytes? Key) Make(ReadOnlySpan<byte> passphrase)
    {
        var bytes = new byte[Size];
        Magic.CopyTo(bytes);
        bytes[VersionAt] = ProfileLayout.Version;
        SecretBytes? key = null;
        if (!passphrase.IsEmpty)
        {
            bytes[DerivationAt] = 1;
            BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(IterationsAt), Iterations);
            SecureRandom.Fill(bytes.AsSpan(SaltAt, CheckAt - SaltAt));
            using var derived = Derive(bytes, passphrase);
            derived.Span[KeySize..].CopyTo(bytes.AsSpan(CheckAt));
            key = SecretBytes.CopyFrom(derived.Span[..KeySize]);
        }
        SHA256.HashData(bytes.AsSpan(0, ChecksumAt), bytes.AsSpan(ChecksumAt));
        return (new SecretStoreHeader(bytes), key);
    }

    public static SecretStoreHeader Parse(ReadOnlySpan<byte> file, string path)
    {
        if (file.Length < Size || !file.StartsWith(Magic))
        {
            throw SecretStore.Damaged(path);
        }
        if (file[VersionAt] != ProfileLayout.Version)
        {
            throw new KeyMeldException(ErrorCodes.ProfileInvalid, $"The profile's secrets have format {file[VersionAt]}; this program reads format {ProfileLayout.Version}.");
        }
        var iterations = BinaryPrimitives.ReadUInt32BigEndian(file[IterationsAt..]);
        var isSound = SHA256.HashData(file[..ChecksumAt]).AsSpan().SequenceEqual(file[ChecksumAt..Size])
            && file[DerivationAt] switch { 0 => iterations == 0, 1 => iterations is >= Iterations and <= MostIterations, _ => false };
        return isSound ? new SecretStoreHeader(file[..Size].ToArray()) : throw SecretStore.Damaged(path);
    }

    /// <summary>The key that the passphrase gives, null when the store has none.</summary>
    /// <exception cref="KeyMeldException"><c>passphrase_wrong</c></exception>
    public SecretBytes? DeriveKey(ReadOnlySpan<byte> passphrase)
    {
        if (!HasPassphrase)
        {
            return passphrase.IsEmpty ? null : throw new KeyMeldException(ErrorCodes.PassphraseWrong, "This profile was made without a passphrase; open it without one, or set one.");
        }
        if (passphrase.IsEmpty)
        {
            throw new KeyMeldException(ErrorCodes.PassphraseWrong, "This profile is protected by a passphrase; none was given.");
        }
        using var derived = Derive(_bytes, passphrase);
        return CryptographicOperations.FixedTimeEquals(derived.Span[KeySize..], _bytes.AsSpan(CheckAt, CheckSize))
            ? SecretBytes.CopyFrom(derived.Span[..KeySize])
            : throw new KeyMeldException(ErrorCodes.PassphraseWrong, "The passphrase is not the one this profile was made with.");
    }

    private static SecretBytes Derive(ReadOnlySpan<byte> header, ReadOnlySpan<byte> passphrase)
    {
        using var stretched = SecretBytes.Allocate(SHA256.HashSizeInBytes);
        var iterations = (int)BinaryPrimitives.ReadUInt32BigEndian(header[IterationsAt..]);
        Rfc2898DeriveBytes.Pbkdf2(passphrase, header[SaltAt..CheckAt], stretched.Writable, iterations, HashAlgorithmName.SHA256);
        var derived = SecretBytes.Allocate(KeySize + CheckSize);
        HKDF.Expand(HashAlgorithmName.SHA256, stretched.Span, derived.Writable, "KeyMeld profile secrets"u8);
        return derived;
    }
}
