using System.Globalization;
using System.Text;

namespace KeyMeld.Cli.Load;

/// <summary>A rectangle of a chart and the values at its edges.</summary>
internal sealed record ChartArea(double Left, double Right, double Top, double Bottom, double FromX, double ToX, double FromY, double ToY)
{
    public double X(double value) => Left + ((value - FromX) / (ToX - FromX) * (Right - Left));

    public double Y(double value) => Bottom - ((value - FromY) / (ToY - FromY) * (Bottom - Top));

    /// <summary>Lines across with their values at the left, and values along the bottom.</summary>
    public void Grid(StringBuilder svg, IEnumerable<double> across, Func<double, string> textAcross, IEnumerable<double> along, Func<double, string> textAlong)
    {
        foreach (var value in across)
        {
            svg.Append(CultureInfo.InvariantCulture, $"""<line class="grid" x1="{Left:0.#}" y1="{Y(value):0.#}" x2="{Right:0.#}" y2="{Y(value):0.#}"/><text class="quiet" x="{Left - 8:0.#}" y="{Y(value) + 4:0.#}" text-anchor="end">{textAcross(value)}</text>""").Append('\n');
        }
        foreach (var value in along)
        {
            svg.Append(CultureInfo.InvariantCulture, $"""<text class="quiet" x="{X(value):0.#}" y="{Bottom + 20:0.#}" text-anchor="middle">{textAlong(value)}</text>""").Append('\n');
        }
    }

    public void Line(StringBuilder svg, string name, IEnumerable<(double X, double Y)> points) =>
        svg.Append(CultureInfo.InvariantCulture, $"""<polyline class="line {name}" points="{string.Join(' ', points.Select(point => FormattableString.Invariant($"{X(point.X):0.#},{Y(point.Y):0.#}")))}"/>""").Append('\n');
}

/// <summary>Round numbers along an axis.</summary>
internal static class ChartScale
{
    private const int MostSteps = 8;
    private static readonly double[] Rounds = [1, 2, 2.5, 5, 10];

    /// <summary>The next round number at or above a value.</summary>
    public static double Ceiling(double value)
    {
        if (value <= 0)
        {
            return 1;
        }
        var unit = Math.Pow(10, Math.Floor(Math.Log10(value)));
        return unit * Rounds.First(round => round * unit >= value * (1 - 1e-9));
    }

    /// <summary>Round numbers from one value to another, both included where they are round.</summary>
    public static IEnumerable<double> Steps(double from, double to)
    {
        var step = Ceiling((to - from) / MostSteps);
        for (var value = from; value <= to * (1 + 1e-9); value += step)
        {
            yield return value;
        }
    }

    public static string Text(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
