// RFC 7240: Prefer: wait=N.
using System.Globalization;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Gateway.Http;

internal static class Preference
{
    private const int LongestSeconds = 30;

    /// <summary>How long the caller wants to be held until the state is final; more than 30 seconds counts as 30, other preferences are not looked at.</summary>
    /// <exception cref="KeyMeldException">bad_request: wait is no number of seconds.</exception>
    public static TimeSpan? WaitOf(HttpContext context)
    {
        foreach (var preference in context.Request.Headers["Prefer"].SelectMany(header => (header ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)))
        {
            var parts = preference.Split(';')[0].Split('=', 2, StringSplitOptions.TrimEntries);
            if (!parts[0].Equals("wait", StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }
            if (parts.Length < 2 || !int.TryParse(parts[1].Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds))
            {
                throw new KeyMeldException(ErrorCodes.BadRequest, $"Prefer: wait must be a whole number of seconds, at most {LongestSeconds} are waited.");
            }
            var applied = Math.Min(seconds, LongestSeconds);
            context.Response.Headers["Preference-Applied"] = $"wait={applied}";
            return applied == 0 ? null : TimeSpan.FromSeconds(applied);
        }
        return null;
    }
}
