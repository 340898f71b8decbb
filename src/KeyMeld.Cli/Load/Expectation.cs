using System.Globalization;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Cli.Load;

/// <summary>What a run has to come to, as <c>--expect</c> says it: <c>p99&lt;50ms</c>, <c>rate&gt;=500</c>, <c>errors=0</c>.</summary>
/// <param name="Text">As it was written.</param>
/// <param name="Holds">Whether a run meets it.</param>
internal sealed record Expectation(string Text, Func<LatencySummary, bool> Holds)
{
    private static readonly string[] Operators = ["<=", ">=", "<", ">", "="];

    /// <summary>Reads a list, separated by commas.</summary>
    /// <exception cref="KeyMeldException"><c>bad_request</c>: one of them is not understood.</exception>
    public static IReadOnlyList<Expectation> ParseAll(string text) => [.. text.Split(',', StringSplitOptions.TrimEntries).Select(Parse)];

    private static Expectation Parse(string text)
    {
        var found = Operators.FirstOrDefault(candidate => text.Contains(candidate, StringComparison.Ordinal)) ?? throw Unclear(text);
        var place = text.IndexOf(found, StringComparison.Ordinal);
        var measure = MeasureOf(text[..place].Trim(), out var isTime) ?? throw Unclear(text);
        var bound = BoundOf(text[(place + found.Length)..].Trim(), isTime) ?? throw Unclear(text);
        return new Expectation(text, summary => Compare(found, measure(summary), bound));
    }

    // Nothing that was signed has no latency, and so meets no bound of one.
    private static Func<LatencySummary, double>? MeasureOf(string name, out bool isTime)
    {
        isTime = name is "max" or "mean" || name.StartsWith('p');
        return name switch
        {
            "rate" => summary => summary.Rate,
            "errors" => summary => summary.ErrorCount,
            "signed" => summary => summary.Signed,
            "max" => Latency(summary => summary.Longest),
            "mean" => Latency(summary => summary.Mean),
            _ when isTime && double.TryParse(name[1..], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var percent) && LatencySummary.Percents.Contains(percent) =>
                Latency(summary => summary.At(percent)),
            _ => null,
        };
    }

    private static Func<LatencySummary, double> Latency(Func<LatencySummary, TimeSpan> measure) => summary => summary.Signed == 0 ? double.NaN : measure(summary).TotalMilliseconds;

    private static double? BoundOf(string text, bool isTime)
    {
        var (number, factor) = (isTime, text) switch
        {
            (false, _) => (text, 1),
            (true, _) when text.EndsWith("ms", StringComparison.Ordinal) => (text[..^2], 1),
            (true, _) when text.EndsWith('s') => (text[..^1], 1000),
            _ => ("", 1),
        };
        return double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) ? value * factor : null;
    }

    private static bool Compare(string comparison, double left, double right) => comparison switch
    {
        "<" => left < right,
        "<=" => left <= right,
        ">" => left > right,
        ">=" => left >= right,
        _ => left == right,
    };

    private static KeyMeldException Unclear(string text) => new(ErrorCodes.BadRequest,
        $"'{text}' is no expectation: write p50, p99 or another of p{string.Join(", p", LatencySummary.Percents.Select(percent => percent.ToString(CultureInfo.InvariantCulture)))}, mean or max with ms or s, rate, errors or signed, compared by <, <=, >, >= or = with a number.");
}
