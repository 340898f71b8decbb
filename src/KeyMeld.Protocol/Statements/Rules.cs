using KeyMeld.Protocol.Errors;

namespace KeyMeld.Protocol.Statements;

/// <summary>Checks that several statements share. The same run over what was parsed and over what is about to be encoded.</summary>
internal static class Rules
{
    public static KeyMeldException Invalid(string message) => new(ErrorCodes.StatementInvalid, message);

    public static void Require(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw Invalid(otherwise);
        }
    }

    public static void Limit(int count, int limit, string what)
    {
        if (count > limit)
        {
            throw new KeyMeldException(ErrorCodes.LimitExceeded, $"{count} {what}, over the limit of {limit}.");
        }
    }

    public static void Distinct<T>(IEnumerable<T> values, string otherwise)
    {
        var seen = new HashSet<T>();
        Require(values.All(seen.Add), otherwise);
    }

    /// <summary>Strictly ascending, and every value below <paramref name="bound"/>.</summary>
    public static void Ascending(IReadOnlyList<int> indexes, int bound, string what)
    {
        var last = -1;
        foreach (var index in indexes)
        {
            Require(index > last, $"The {what} are not strictly ascending.");
            last = index;
        }
        Require(last < bound, $"The {what} name an index out of range.");
    }

    public static void Time(long time, string what) => Require(time is >= 0 and <= Limits.MaxTime, $"{what} is not a time in Unix milliseconds below 2^53.");

    public static void Number(int value, string what) => Require(value >= 0, $"{what} is negative.");

    /// <summary>0 &lt; expires - created &lt;= 24 h.</summary>
    public static void Lifetime(long created, long expires)
    {
        Time(created, "created");
        Time(expires, "expires");
        Require(expires > created, "It expires before or when it is created.");
        Require(expires - created <= (long)Limits.RequestLifetime.TotalMilliseconds, "It stays valid for more than 24 hours.");
    }

    /// <summary>The encoded statement, unless it is too large to be one.</summary>
    public static byte[] Finish(Encoding.CborEncoder encoder, int limit = Limits.StatementBytes)
    {
        Limit(encoder.Written.Length, limit, "bytes");
        return encoder.ToArray();
    }
}
