using System.Runtime.CompilerServices;

namespace KeyMeld.Secp256k1;

/// <summary>Checks of arguments. The library reads fixed lengths from what it is given, so every span is checked before it crosses.</summary>
internal static class Require
{
    public static void Length(ReadOnlySpan<byte> value, int length, [CallerArgumentExpression(nameof(value))] string name = "")
    {
        if (value.Length != length)
            throw new ArgumentException($"{name} must be {length} bytes long, not {value.Length}.", name);
    }

    public static void NotEmpty<T>(IReadOnlyCollection<T> values, [CallerArgumentExpression(nameof(values))] string name = "")
    {
        ArgumentNullException.ThrowIfNull(values, name);
        if (values.Count == 0)
            throw new ArgumentException($"{name} must not be empty.", name);
    }
}
