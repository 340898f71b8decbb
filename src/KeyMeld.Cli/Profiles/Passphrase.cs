using System.Security.Cryptography;
using System.Text;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Cli.Profiles;

/// <summary>The passphrase of a profile: KEYMELD_PASSPHRASE, or typed without echo. The bytes are wiped by <see cref="Dispose"/>.</summary>
internal sealed class Passphrase : IDisposable
{
    private const int Longest = 1024;
    private readonly byte[] buffer = GC.AllocateArray<byte>(Longest, pinned: true);
    private int length;

    /// <summary>UTF-8; empty when there is none.</summary>
    public ReadOnlySpan<byte> Bytes => buffer.AsSpan(0, length);

    /// <summary>From the environment; otherwise typed if <paramref name="needed"/>.</summary>
    public static Passphrase Ask(bool needed, string prompt)
    {
        var passphrase = new Passphrase();
        if (Environment.GetEnvironmentVariable("KEYMELD_PASSPHRASE") is { Length: > 0 } variable)
        {
            passphrase.length = Encoding.UTF8.GetBytes(variable, passphrase.buffer);
        }
        else if (needed)
        {
            passphrase.Type(prompt);
        }
        return passphrase;
    }

    public void Dispose() => CryptographicOperations.ZeroMemory(buffer);

    private void Type(string prompt)
    {
        if (Console.IsInputRedirected)
        {
            throw new KeyMeldException(ErrorCodes.PassphraseWrong, "This profile needs a passphrase and there is no terminal to ask at; set KEYMELD_PASSPHRASE.");
        }
        Console.Error.Write(prompt);
        Span<char> typed = stackalloc char[1];
        while (Console.ReadKey(intercept: true) is var key && key.Key != ConsoleKey.Enter)
        {
            if (key.Key == ConsoleKey.Backspace)
            {
                // One character may be several bytes of UTF-8: drop its continuation bytes with it.
                while (length > 0 && (buffer[--length] & 0xC0) == 0x80)
                {
                }
                continue;
            }
            typed[0] = key.KeyChar;
            if (length + 4 <= Longest)
            {
                length += Encoding.UTF8.GetBytes(typed, buffer.AsSpan(length));
            }
        }
        Console.Error.WriteLine();
    }
}
