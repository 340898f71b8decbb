// SVG 2 as browsers and viewers draw it: no script, no font, no reference to anything outside; light or dark as the viewer is.
using System.Globalization;
using System.Security;
using System.Text;

namespace KeyMeld.Cli.Load;

/// <summary>A picture of a run: latency second by second above, and below how many signings stayed under which latency.</summary>
internal static class LoadChart
{
    private const double Width = 960;
    private const double Left = 70;
    private const double Right = 24;

    private const string Style = """
        <style>
          svg { background: #ffffff; font: 13px system-ui, sans-serif }
          text { fill: #1f2328 } .quiet { fill: #59636e } .grid { stroke: #d1d9e0; stroke-width: 1 }
          .p50 { stroke: #0969da } .p99 { stroke: #bc4c00 } .rate { stroke: #8250df } .line { fill: none; stroke-width: 2; stroke-linejoin: round }
          .swatch { stroke-width: 4 } .error { fill: #cf222e }
          @media (prefers-color-scheme: dark) {
            svg { background: #0d1117 } text { fill: #f0f6fc } .quiet { fill: #9198a1 } .grid { stroke: #3d444d }
            .p50 { stroke: #4493f8 } .p99 { stroke: #f0883e } .rate { stroke: #ab7df8 } .error { fill: #f85149 }
          }
        </style>
        """;

    /// <param name="report">The run.</param>
    public static string Draw(LoadReport report)
    {
        var summary = report.Summary;
        var title = SecurityElement.Escape(FormattableString.Invariant($"{report.Shape}; {report.Plan.Model}"));
        var facts = FormattableString.Invariant(
            $"{summary.Signed} signed, {summary.Rate:0.0} a second, p50 {summary.At(50).TotalMilliseconds:0.0} ms, p99 {summary.At(99).TotalMilliseconds:0.0} ms, {summary.ErrorCount} errors");
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {Width:0} 720" role="img" aria-label="{title}: {facts}">""").Append('\n');
        svg.Append(Style).Append('\n');
        svg.Append(CultureInfo.InvariantCulture, $"""<text x="{Left}" y="28" font-size="17" font-weight="600">{title}</text><text class="quiet" x="{Left}" y="50">{facts}</text>""").Append('\n');
        Time(svg, summary, 96, 240);
        Distribution(svg, summary, 436, 220);
        return svg.Append("</svg>\n").ToString();
    }

    private static void Time(StringBuilder svg, LatencySummary summary, double top, double height)
    {
        var end = summary.Intervals.IsEmpty ? 1 : Math.Max(1, summary.Intervals[^1].To.TotalSeconds);
        var most = ChartScale.Ceiling(summary.Intervals.Select(interval => interval.P99.TotalMilliseconds).DefaultIfEmpty(1).Max());
        var fastest = ChartScale.Ceiling(summary.Intervals.Select(interval => interval.Rate).DefaultIfEmpty(1).Max());
        var area = new ChartArea(Left, Width - Right, top, top + height, 0, end, 0, most);
        Heading(svg, top, [("p50", "p50, ms"), ("p99", "p99, ms"), ("rate", FormattableString.Invariant($"signings a second, the top is {fastest:0.##}"))]);
        area.Grid(svg, ChartScale.Steps(0, most), value => ChartScale.Text(value), ChartScale.Steps(0, end), value => ChartScale.Text(value) + " s");
        area.Line(svg, "rate", summary.Intervals.Select(interval => (interval.To.TotalSeconds, interval.Rate / fastest * most)));
        area.Line(svg, "p99", summary.Intervals.Where(interval => interval.Signed > 0).Select(interval => (interval.To.TotalSeconds, interval.P99.TotalMilliseconds)));
        area.Line(svg, "p50", summary.Intervals.Where(interval => interval.Signed > 0).Select(interval => (interval.To.TotalSeconds, interval.P50.TotalMilliseconds)));
        foreach (var interval in summary.Intervals.Where(interval => interval.Errors > 0))
        {
            svg.Append(CultureInfo.InvariantCulture, $"""<circle class="error" cx="{area.X(interval.To.TotalSeconds):0.#}" cy="{area.Bottom:0.#}" r="4"><title>{interval.Errors} errors</title></circle>""").Append('\n');
        }
    }

    // By 1/(1 − p) on a logarithmic axis, as HdrHistogram plots it: each step to the right is one tenth of the signings left.
    private static void Distribution(StringBuilder svg, LatencySummary summary, double top, double height)
    {
        var points = summary.Latencies.Select(latency => (X: Math.Log10(100 / (100 - latency.Percent)), Y: latency.Latency.TotalMilliseconds)).ToList();
        var most = ChartScale.Ceiling(points.Select(point => point.Y).DefaultIfEmpty(1).Max());
        var area = new ChartArea(Left, Width - Right, top, top + height, 0, 4, 0, most);
        Heading(svg, top, [("p99", "latency by percentile, ms")]);
        double[] marks = [0, 50, 90, 99, 99.9, 99.99];
        area.Grid(svg, ChartScale.Steps(0, most), value => ChartScale.Text(value), marks.Select(mark => Math.Log10(100 / (100 - mark))), value => ChartScale.Text(Math.Round(100 - (100 / Math.Pow(10, value)), 2)) + "%");
        area.Line(svg, "p99", points);
    }

    private static void Heading(StringBuilder svg, double top, IReadOnlyList<(string Class, string Text)> series)
    {
        var x = Left;
        foreach (var (name, text) in series)
        {
            svg.Append(CultureInfo.InvariantCulture, $"""<line class="swatch {name}" x1="{x:0}" y1="{top - 18:0}" x2="{x + 22:0}" y2="{top - 18:0}"/><text x="{x + 30:0}" y="{top - 14:0}">{text}</text>""").Append('\n');
            x += 60 + (7 * text.Length);
        }
    }
}
