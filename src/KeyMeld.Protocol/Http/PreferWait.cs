// protocol.md section 9: Prefer: wait=N (RFC 7240 sections 2 and 4.3), N <= 30, holds a POST or GET until the state is final.
using System.Globalization;

namespace KeyMeld.Protocol.Http;

/// <summary>How long a caller wants an answer held back.</summary>
public static class PreferWait
{
    /// <summary>The longest wait, seconds.</summary>
    public const int MaximumSeconds = 30;

    /// <summary>The header's value for a wait.</summary>
    public static string Format(int seconds) => string.Create(CultureInfo.InvariantCulture, $"wait={seconds}");

    /// <summary>Seconds to wait, at most 30; 0 where no preference says so. A preference that is not understood is ignored, as RFC 7240 asks.</summary>
    /// <param name="headers">Every value of the <c>Prefer</c> header.</param>
    public static int Parse(IEnumerable<string?> headers)
    {
        foreach (var preference in headers.SelectMany(header => (header ?? string.Empty).Split(',')))
        {
            var parts = preference.Split(';')[0].Split('=', 2, StringSplitOptions.TrimEntries);
            if (parts is [var name, var value] && name.Equals("wait", StringComparison.OrdinalIgnoreCase))
            {
                // RFC 7240 section 2: of a repeated preference the first counts.
                return int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) ? Math.Min(seconds, MaximumSeconds) : 0;
            }
        }
        return 0;
    }
}
