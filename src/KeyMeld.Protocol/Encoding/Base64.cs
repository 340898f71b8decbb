// RFC 4648: section 4 with padding (blobs in JSON) and section 5 without (invitations), both canonical: .NET's own decoders skip white space and ignore stray bits.
namespace KeyMeld.Protocol.Encoding;

/// <summary>Standard base64 with padding, exactly one text for each byte string.</summary>
public static class Base64
{
    /// <summary>Standard base64 with padding.</summary>
    public static string Encode(ReadOnlySpan<byte> bytes) => Convert.ToBase64String(bytes);

    /// <summary>Decodes what <see cref="Encode"/> writes and nothing else.</summary>
    public static bool TryDecode(ReadOnlySpan<char> text, out byte[] bytes)
    {
        bytes = [];
        var buffer = new byte[text.Length / 4 * 3];
        if (text.Length % 4 != 0 || !Convert.TryFromBase64Chars(text, buffer, out var written))
        {
            return false;
        }
        bytes = written == buffer.Length ? buffer : buffer[..written];
        return text.SequenceEqual(Convert.ToBase64String(bytes));
    }
}

/// <summary>URL-safe base64 without padding, exactly one text for each byte string.</summary>
public static class Base64Url
{
    /// <summary>The number of characters that <paramref name="bytes"/> bytes take.</summary>
    public static int EncodedLength(int bytes) => System.Buffers.Text.Base64Url.GetEncodedLength(bytes);

    /// <summary>URL-safe base64 without padding.</summary>
    public static string Encode(ReadOnlySpan<byte> bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);

    /// <summary>Decodes what <see cref="Encode"/> writes and nothing else.</summary>
    /// <param name="text">The text.</param>
    /// <param name="destination">At least three bytes for each four characters, rounded up.</param>
    /// <param name="written">How many bytes were written.</param>
    public static bool TryDecode(ReadOnlySpan<char> text, Span<byte> destination, out int written)
    {
        written = 0;
        foreach (var c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_'))
            {
                return false;
            }
        }
        // The framework throws for a last character that is not canonical, so that is looked at first.
        return text.Length % 4 != 1 && LastCharacterIsCanonical(text) && System.Buffers.Text.Base64Url.TryDecodeFromChars(text, destination, out written);
    }

    // The bits of the last character beyond the last byte must be zero, or two texts would mean the same bytes.
    private static bool LastCharacterIsCanonical(ReadOnlySpan<char> text)
    {
        var spare = (text.Length % 4) switch { 2 => 0x0f, 3 => 0x03, _ => 0 };
        return spare == 0 || (Value(text[^1]) & spare) == 0;
    }

    private static int Value(char c) => c switch
    {
        >= 'A' and <= 'Z' => c - 'A',
        >= 'a' and <= 'z' => c - 'a' + 26,
        >= '0' and <= '9' => c - '0' + 52,
        '-' => 62,
        _ => 63,
    };
}
