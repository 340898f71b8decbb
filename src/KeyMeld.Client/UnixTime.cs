namespace KeyMeld.Client;

/// <summary>The protocol's times: Unix milliseconds.</summary>
internal static class UnixTime
{
    public static long Now(TimeProvider time) => time.GetUtcNow().ToUnixTimeMilliseconds();

    public static DateTimeOffset ToDate(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);

    public static DateTimeOffset? ToDate(long? milliseconds) => milliseconds is { } value ? ToDate(value) : null;
}
