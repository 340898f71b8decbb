namespace KeyMeld.Protocol.Encoding;

/// <summary>Lower-case hexadecimal, the only form this protocol writes and accepts.</summary>
public static class Hex
{
    /// <summary>Two lower-case digits a byte.</summary>
    public static string Encode(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(bytes);

    /// <summary>Decodes exactly <paramref name="destination"/>.Length bytes.</summary>
    /// <returns>False for any other length, an upper-case digit or any other character; the destination is then undefined.</returns>
    public static bool TryDecode(ReadOnlySpan<char> text, Span<byte> destination)
    {
        if (text.Length % 2 != 0 || text.Length / 2 != destination.Length)
        {
            return false;
        }
        for (var i = 0; i < destination.Length; i++)
        {
            var high = Digit(text[2 * i]);
            var low = Digit(text[(2 * i) + 1]);
            if ((high | low) < 0)
            {
                return false;
            }
            destination[i] = (byte)((high << 4) | low);
        }
        return true;
    }

    /// <summary>Decodes text of any even length.</summary>
    public static bool TryDecode(ReadOnlySpan<char> text, out byte[] bytes)
    {
        bytes = new byte[text.Length / 2];
        return TryDecode(text, bytes.AsSpan());
    }

    private static int Digit(char c) => c switch
    {
        >= '0' and <= '9' => c - '0',
        >= 'a' and <= 'f' => c - 'a' + 10,
        _ => -1,
    };
}
