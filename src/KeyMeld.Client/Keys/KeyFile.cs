using KeyMeld.Protocol.Errors;
using KeyMeld.Secp256k1;

namespace KeyMeld.Client;

/// <summary>Files with one secret key: 64 hex digits, or WIF (base58check, mainnet or testnet, for compressed or uncompressed keys).</summary>
public static class KeyFile
{
    private const int MostBytes = 256;

    /// <summary>Reads a key file. The secret is never in a managed array or string.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The key; the caller disposes it.</returns>
    /// <exception cref="KeyMeldException"><c>key_file_invalid</c>: it cannot be read, or holds something else.</exception>
    public static SecretKey Read(string path)
    {
        using var text = SecretBytes.Allocate(MostBytes);
        return Parse(text.Span[..ReadInto(path, text.Writable)]);
    }

    /// <summary>Reads the text of a key file: ASCII, white space around it is allowed. The caller wipes its own copy.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The key; the caller disposes it.</returns>
    /// <exception cref="KeyMeldException"><c>key_file_invalid</c>: it is something else.</exception>
    public static SecretKey Parse(ReadOnlySpan<byte> text)
    {
        using var secret = SecretBytes.Allocate(32);
        var digits = text.Trim(" \t\r\n"u8);
        var complaint = digits.Length == 64 ? HexComplaint(digits, secret.Writable) : Wif.Complaint(digits, secret.Writable);
        if (complaint is not null)
        {
            throw Invalid(complaint);
        }
        return SecretKey.TryImport(secret.Span, out var key) ? key : throw Invalid("The number in it is zero or not below the order of secp256k1.");
    }

    /// <summary>Writes a key file of 64 hex digits, which only its owner can read. The secret is never in a managed array or string.</summary>
    /// <param name="path">The file; it must not exist yet.</param>
    /// <param name="key">The key.</param>
    /// <exception cref="KeyMeldException"><c>key_file_invalid</c>: it cannot be written.</exception>
    public static void Write(string path, SecretKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        using var secret = key.Export();
        using var text = SecretBytes.Allocate((2 * SecretKey.Size) + 1);
        Convert.TryToHexStringLower(secret.Span, text.Writable, out _);
        text.Writable[^1] = (byte)'\n';
        try
        {
            // Without a buffer the bytes go from locked memory to the kernel.
            using var file = new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                BufferSize = 0,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
            file.Write(text.Span);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new KeyMeldException(ErrorCodes.KeyFileInvalid, $"The key file '{path}' cannot be written: {error.Message}", error);
        }
    }

    private static string? HexComplaint(ReadOnlySpan<byte> digits, Span<byte> secret) =>
        Convert.FromHexString(digits, secret, out _, out var written) == System.Buffers.OperationStatus.Done && written == secret.Length
            ? null : "It has 64 characters, but they are not all hex digits.";

    private static int ReadInto(string path, Span<byte> destination)
    {
        try
        {
            using var file = File.OpenHandle(path);
            var length = 0;
            for (int read; length < destination.Length && (read = RandomAccess.Read(file, destination[length..], length)) > 0;)
            {
                length += read;
            }
            return length < destination.Length ? length : throw Invalid("It is longer than one key.");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new KeyMeldException(ErrorCodes.KeyFileInvalid, $"The key file '{path}' cannot be read: {error.Message}", error);
        }
    }

    private static KeyMeldException Invalid(string why) => new(ErrorCodes.KeyFileInvalid, $"This is not a key file. {why}");
}
