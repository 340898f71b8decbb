// The form of the password file: postgresql.org/docs/15/libpq-pgpass.html.
using System.Security.Cryptography;

namespace KeyMeld.DevKit.Databases;

/// <summary>A server's password: drawn, written into two files that only their owner reads, and wiped. Programs are told the files, never the password.</summary>
internal static class PasswordFiles
{
    private const int RandomBytes = 16;
    private const int PasswordBytes = 2 * RandomBytes;
    private const int MostBytes = 1024;

    // For every host, port, database and user.
    private static ReadOnlySpan<byte> Everywhere => "*:*:*:*:"u8;

    /// <param name="file">Holds the password and nothing else.</param>
    /// <param name="passFile">Holds it as libpq reads it.</param>
    /// <param name="isNew">Draws one; else that of <paramref name="file"/> stays.</param>
    public static void Prepare(string file, string passFile, bool isNew)
    {
        var password = GC.AllocateArray<byte>(MostBytes, pinned: true);
        try
        {
            var length = isNew ? Draw(password) : Read(file, password);
            if (isNew)
            {
                Write(file, [], password.AsSpan(0, length));
            }
            Write(passFile, Everywhere, password.AsSpan(0, length));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(password);
        }
    }

    private static int Draw(Span<byte> password)
    {
        Span<byte> random = stackalloc byte[RandomBytes];
        KernelRandom.Fill(random);
        for (var index = 0; index < PasswordBytes; index++)
        {
            password[index] = "0123456789abcdef"u8[(random[index / 2] >> (index % 2 == 0 ? 4 : 0)) & 0xF];
        }
        CryptographicOperations.ZeroMemory(random);
        return PasswordBytes;
    }

    private static int Read(string file, Span<byte> password)
    {
        using var source = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        return source.ReadAtLeast(password, password.Length, throwOnEndOfStream: false);
    }

    // Unbuffered: no copy stays behind in a stream.
    private static void Write(string file, ReadOnlySpan<byte> before, ReadOnlySpan<byte> password)
    {
        using var target = new FileStream(file, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, BufferSize = 0, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite });
        target.Write(before);
        target.Write(password);
    }
}
