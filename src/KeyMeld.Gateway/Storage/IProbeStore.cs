namespace KeyMeld.Gateway.Storage;

/// <summary>A write for its own sake.</summary>
internal interface IProbeStore
{
    /// <summary>Changes one row. What becomes of it is in the <see cref="WriteRecord"/>, as of every write.</summary>
    /// <exception cref="Protocol.Errors.KeyMeldException">storage_failed.</exception>
    Task WriteAsync();
}

/// <summary>What both kinds run.</summary>
internal static class ProbeRow
{
    public static string Sql(string now) => $"INSERT INTO write_probe (one, written_ms) VALUES (1, {now}) ON CONFLICT (one) DO UPDATE SET written_ms = excluded.written_ms";
}
