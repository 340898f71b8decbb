using System.Buffers;

namespace KeyMeld.Attestation;

/// <summary>Hex is lower case everywhere here, so that equal values are equal texts.</summary>
internal static class LowerHex
{
    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789abcdef");

    public static bool IsHex(ReadOnlySpan<char> text) => !text.ContainsAnyExcept(Digits);
}
