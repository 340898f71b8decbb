using KeyMeld.Protocol.Errors;

namespace KeyMeld.Cli.Output;

/// <summary>Hex that a user typed.</summary>
internal static class Hexadecimal
{
    /// <summary>Exactly <paramref name="size"/> bytes, in hex digits of either case.</summary>
    /// <exception cref="KeyMeldException"><c>bad_request</c>, naming <paramref name="what"/>.</exception>
    public static byte[] Bytes(string text, int size, string what)
    {
        var bytes = new byte[size];
        return Convert.FromHexString(text.AsSpan().Trim(), bytes, out _, out var written) == System.Buffers.OperationStatus.Done && written == size
            ? bytes
            : throw new KeyMeldException(ErrorCodes.BadRequest, $"{what} takes {size * 2} hex digits.");
    }
}
