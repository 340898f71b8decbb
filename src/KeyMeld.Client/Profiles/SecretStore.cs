using System.Security.Cryptography;
using KeyMeld.Protocol.Errors;
using KeyMeld.Secp256k1;

namespace KeyMeld.Client;

/// <summary>
/// The profile's file of secrets: a header (<see cref="SecretStoreHeader"/>), then the secret table: under a passphrase nonce(12) ‖ AES-256-GCM ciphertext ‖ tag(16) with the
/// header as additional data; without one the table itself and SHA-256(header ‖ table), which finds damage and protects nothing.
/// Every read opens the file anew, so that other processes' changes are seen and no secret stays in memory.
/// </summary>
internal sealed class SecretStore : IDisposable
{
    private const int NonceSize = 12;
    private const int TagSize = 16;
    private const int MostBytes = 64 * 1024 * 1024;
    private readonly string _path;
    private SecretStoreHeader _header;
    private SecretBytes? _key;

    private SecretStore(string path, SecretStoreHeader header, SecretBytes? key) => (_path, _header, _key) = (path, header, key);

    public bool IsEncrypted => _header.HasPassphrase;

    public static SecretStore Create(string path, ReadOnlySpan<byte> passphrase)
    {
        var (header, key) = SecretStoreHeader.Make(passphrase);
        var store = new SecretStore(path, header, key);
        using var empty = SecretTable.Empty();
        store.Write(empty);
        return store;
    }

    public static SecretStore Open(string path, ReadOnlySpan<byte> passphrase)
    {
        var header = SecretStoreHeader.Parse(ReadFile(path), path);
        var store = new SecretStore(path, header, header.DeriveKey(passphrase));
        using (store.Read())
        {
            return store;
        }
    }

    public static bool NeedsPassphrase(string path) => SecretStoreHeader.Parse(ReadFile(path), path).HasPassphrase;

    /// <summary>A copy of a secret, or null. The caller disposes it.</summary>
    public SecretBytes? Find(string name)
    {
        using var table = Read();
        return table.Find(name);
    }

    /// <summary>The names of all secrets.</summary>
    public IReadOnlyList<string> Names()
    {
        using var table = Read();
        return [.. table.Names];
    }

    /// <summary>Sets secrets and removes those given as null, all or none. The caller holds the profile's lock and disposes the values.</summary>
    public void Update(IReadOnlyDictionary<string, SecretBytes?> changes)
    {
        using var table = Read();
        using var changed = table.With(changes);
        Write(changed);
    }

    /// <summary>Writes all secrets under another passphrase. The caller holds the profile's lock.</summary>
    public void ChangePassphrase(ReadOnlySpan<byte> passphrase)
    {
        using var table = Read();
        var (header, key) = SecretStoreHeader.Make(passphrase);
        var old = _key;
        (_header, _key) = (header, key);
        Write(table);
        old?.Dispose();
    }

    public void Dispose() => _key?.Dispose();

    private SecretTable Read()
    {
        var file = ReadFile(_path);
        if (!file.AsSpan().StartsWith(_header.Bytes))
        {
            _ = SecretStoreHeader.Parse(file, _path);
            throw new KeyMeldException(ErrorCodes.PassphraseWrong, "The profile's passphrase was changed meanwhile; open the profile again.");
        }
        var body = file.AsSpan(SecretStoreHeader.Size);
        try
        {
            return (_key is null ? ReadPlain(body) : Decrypt(body, _key)) ?? throw Damaged(_path);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(file);
        }
    }

    private SecretTable? ReadPlain(ReadOnlySpan<byte> body)
    {
        if (body.Length < SHA256.HashSizeInBytes + 4 || !Checksum(body[..^SHA256.HashSizeInBytes]).AsSpan().SequenceEqual(body[^SHA256.HashSizeInBytes..]))
        {
            return null;
        }
        return Take(SecretBytes.CopyFrom(body[..^SHA256.HashSizeInBytes]));
    }

    private SecretTable? Decrypt(ReadOnlySpan<byte> body, SecretBytes key)
    {
        var length = body.Length - NonceSize - TagSize;
        if (length < 4)
        {
            return null;
        }
        var plain = SecretBytes.Allocate(length);
        try
        {
            using var aes = new AesGcm(key.Span, TagSize);
            aes.Decrypt(body[..NonceSize], body.Slice(NonceSize, length), body[^TagSize..], plain.Writable, _header.Bytes);
            return Take(plain);
        }
        catch (AuthenticationTagMismatchException)
        {
            plain.Dispose();
            return null;
        }
    }

    private static SecretTable? Take(SecretBytes plain)
    {
        var table = SecretTable.Parse(plain);
        if (table is null)
        {
            plain.Dispose();
        }
        return table;
    }

    private void Write(SecretTable table)
    {
        var plain = table.Body;
        var trailer = _key is null ? SHA256.HashSizeInBytes : NonceSize + TagSize;
        var file = GC.AllocateUninitializedArray<byte>(SecretStoreHeader.Size + plain.Length + trailer, pinned: true);
        try
        {
            _header.Bytes.CopyTo(file);
            var body = file.AsSpan(SecretStoreHeader.Size);
            if (_key is null)
            {
                plain.CopyTo(body);
                Checksum(plain).CopyTo(body[plain.Length..]);
            }
            else
            {
                SecureRandom.Fill(body[..NonceSize]);
                using var aes = new AesGcm(_key.Span, TagSize);
                aes.Encrypt(body[..NonceSize], plain, body.Slice(NonceSize, plain.Length), body[^TagSize..], _header.Bytes);
            }
            AtomicFile.Write(_path, file);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(file);
        }
    }

    private byte[] Checksum(ReadOnlySpan<byte> plain)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(_header.Bytes);
        hash.AppendData(plain);
        return hash.GetHashAndReset();
    }

    /// <summary>The file in a pinned buffer that the caller wipes: without a passphrase it holds secrets.</summary>
    private static byte[] ReadFile(string path)
    {
        try
        {
            using var file = File.OpenHandle(path);
            var length = RandomAccess.GetLength(file);
            if (length is < SecretStoreHeader.Size or > MostBytes)
            {
                throw Damaged(path);
            }
            var content = GC.AllocateUninitializedArray<byte>((int)length, pinned: true);
            var read = 0;
            for (int more; read < content.Length && (more = RandomAccess.Read(file, content.AsSpan(read), read)) > 0;)
            {
                read += more;
            }
            return read == content.Length ? content : throw Damaged(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new KeyMeldException(ErrorCodes.ProfileInvalid, $"The profile's secrets cannot be read: {error.Message}", error);
        }
    }

    internal static KeyMeldException Damaged(string path) => new(ErrorCodes.ProfileInvalid, $"The profile's secrets in '{path}' are damaged; restore the file from a backup. Nothing was changed.");
}
