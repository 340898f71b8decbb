using System.Globalization;

namespace KeyMeld.Client;

/// <summary>Text that others chose and that will be shown: without anything that steers a terminal or reorders a line.</summary>
internal static class UntrustedText
{
    private const int Longest = 300;

    public static string Show(string text)
    {
        var shown = text.Length <= Longest ? text : text[..Longest];
        return string.Create(shown.Length, shown, (span, source) =>
        {
            for (var i = 0; i < span.Length; i++)
            {
                span[i] = IsHarmless(source[i]) ? source[i] : '\ufffd';
            }
        });
    }

    private static bool IsHarmless(char c) => CharUnicodeInfo.GetUnicodeCategory(c)
        is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned);
}
