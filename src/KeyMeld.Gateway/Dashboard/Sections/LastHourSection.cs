using KeyMeld.Gateway.Telemetry;
using KeyMeld.Gateway.Telemetry.History;

namespace KeyMeld.Gateway.Dashboard.Sections;

/// <summary>Throughput and latency of the last hour, a minute each, and where the time went.</summary>
internal static class LastHourSection
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    public static LastHourJson Read(LastHour history)
    {
        var minutes = history.Read(Minute);
        var hour = history.Sum(Hour);
        return new LastHourJson(
            minutes[0].Start.ToUnixTimeMilliseconds(),
            (int)Minute.TotalSeconds,
            [.. minutes.Select(Show)],
            Show(hour.Total),
            [.. Enum.GetValues<SigningStep>().Where(step => hour[step] is not null).Select(step => new StepFactsJson(step.Word(), Show(hour[step])!))]);
    }

    private static MinuteJson Show(HistoryPoint point) => new(
        point[HistoryCount.SigningsCompleted],
        point[HistoryCount.SigningsFailed] + point[HistoryCount.SigningsExpired],
        point[HistoryCount.SigningsRejected] + point[HistoryCount.SigningsCancelled],
        point[HistoryCount.KeySignatures],
        Round(point.Total?.P50),
        Round(point.Total?.P99));

    private static LatencyFactsJson? Show(Latency? latency) => latency is null ? null : new LatencyFactsJson(
        latency.Count, Round(latency.P50)!.Value, Round(latency.P90)!.Value, Round(latency.P99)!.Value, Round(latency.Longest)!.Value);

    private static double? Round(double? milliseconds) => milliseconds is { } value ? Math.Round(value, 2) : null;
}
