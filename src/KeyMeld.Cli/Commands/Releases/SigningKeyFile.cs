using System.Security.Cryptography;
using KeyMeld.Attestation;
using KeyMeld.Cli.Profiles;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Cli.Commands.Releases;

/// <summary>
/// A P-384 private key in PEM (PKCS #8, plain or under a passphrase; SEC 1 as openssl writes it): a releaser's, or the one that signs enclave images. Every managed
/// copy of it is wiped.
/// </summary>
internal static class SigningKeyFile
{
    private const int MaxPem = 8192;
    private const int Iterations = 600_000;

    /// <summary>Makes a key and writes it, readable by its owner only; never over an existing file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="passphrase">Encrypts it (PBES2, AES-256-CBC, PBKDF2 with SHA-384), if not empty.</param>
    /// <returns>Its public half.</returns>
    public static ReleaserKey Create(string path, ReadOnlySpan<byte> passphrase)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        var der = GC.AllocateArray<byte>(MaxPem, pinned: true);
        var pem = GC.AllocateArray<char>(MaxPem, pinned: true);
        var ascii = GC.AllocateArray<byte>(MaxPem, pinned: true);
        try
        {
            int length, characters;
            if (passphrase.IsEmpty)
            {
                _ = key.TryExportPkcs8PrivateKey(der, out length) && PemEncoding.TryWrite("PRIVATE KEY", der.AsSpan(0, length), pem, out characters)
                    ? true : throw new CryptographicException("The key does not fit its buffer.");
            }
            else
            {
                var parameters = new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA384, Iterations);
                _ = key.TryExportEncryptedPkcs8PrivateKey(passphrase, parameters, der, out length)
                    && PemEncoding.TryWrite("ENCRYPTED PRIVATE KEY", der.AsSpan(0, length), pem, out characters)
                    ? true : throw new CryptographicException("The key does not fit its buffer.");
            }
            var bytes = System.Text.Encoding.ASCII.GetBytes(pem.AsSpan(0, characters), ascii);
            using var file = new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
                BufferSize = 0,
            });
            file.Write(ascii.AsSpan(0, bytes));
            file.Write("\n"u8);
            return ReleaserKey.Of(key);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(der);
            CryptographicOperations.ZeroMemory(ascii);
            Array.Clear(pem);
        }
    }

    /// <summary>Opens a key; the caller disposes it.</summary>
    /// <exception cref="KeyMeldException"><c>key_file_invalid</c> or <c>passphrase_wrong</c>.</exception>
    public static ECDsa Open(string path)
    {
        var ascii = GC.AllocateArray<byte>(MaxPem, pinned: true);
        var pem = GC.AllocateArray<char>(MaxPem, pinned: true);
        var key = ECDsa.Create();
        try
        {
            var characters = System.Text.Encoding.ASCII.GetChars(ascii.AsSpan(0, Read(path, ascii)), pem);
            Import(key, pem.AsSpan(0, characters));
            _ = ReleaserKey.Of(key);
            return key;
        }
        catch (Exception exception)
        {
            key.Dispose();
            throw exception is CryptographicException or ArgumentException or ReleaseException
                ? new KeyMeldException(ErrorCodes.KeyFileInvalid, $"{path} holds no P-384 private key in PEM: {exception.Message}", exception)
                : exception;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(ascii);
            Array.Clear(pem);
        }
    }

    private static int Read(string path, byte[] buffer)
    {
        using var file = new FileStream(path, new FileStreamOptions { BufferSize = 0 });
        var length = file.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        return length < buffer.Length ? length : throw new KeyMeldException(ErrorCodes.KeyFileInvalid, $"{path} is too large for a key.");
    }

    private static void Import(ECDsa key, ReadOnlySpan<char> pem)
    {
        if (!pem.Contains("ENCRYPTED PRIVATE KEY", StringComparison.Ordinal))
        {
            key.ImportFromPem(pem);
            // A public key imports too, and only fails when it is asked to sign.
            if (!pem.Contains("PRIVATE KEY", StringComparison.Ordinal))
            {
                throw new CryptographicException("it is a public key");
            }
            return;
        }
        using var passphrase = Passphrase.Ask(needed: true, "Passphrase of the signing key: ");
        try
        {
            key.ImportFromEncryptedPem(pem, passphrase.Bytes);
        }
        catch (CryptographicException exception)
        {
            throw new KeyMeldException(ErrorCodes.PassphraseWrong, "The signing key does not open under this passphrase.", exception);
        }
    }
}
