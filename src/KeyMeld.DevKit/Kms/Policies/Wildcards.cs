namespace KeyMeld.DevKit.Kms.Policies;

/// <summary>The patterns of IAM policies: `*` is any run of characters, `?` exactly one.</summary>
internal static class Wildcards
{
    public static bool Matches(string pattern, string text)
    {
        int p = 0, t = 0, star = -1, retry = 0;
        while (t < text.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                star = p++;
                retry = t;
            }
            else if (p < pattern.Length && (pattern[p] == '?' || pattern[p] == text[t]))
            {
                p++;
                t++;
            }
            else if (star >= 0)
            {
                p = star + 1;
                t = ++retry;
            }
            else
            {
                return false;
            }
        }
        return pattern.AsSpan(p).Trim('*').IsEmpty;
    }

    /// <summary>Actions have no case.</summary>
    public static bool MatchesAction(string pattern, string action) => Matches(pattern.ToUpperInvariant(), action.ToUpperInvariant());

    /// <summary>ARN operators match each of the six parts for itself: a `*` does not reach over a colon.</summary>
    public static bool MatchesArn(string pattern, string arn)
    {
        var (patterns, parts) = (pattern.Split(':', 6), arn.Split(':', 6));
        return patterns.Length == 6 && parts.Length == 6 && patterns.Zip(parts, Matches).All(matched => matched);
    }
}
