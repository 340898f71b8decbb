// Prometheus text format 0.0.4: prometheus.io/docs/instrumenting/exposition_formats.
using System.Globalization;
using System.Text.RegularExpressions;

namespace KeyMeld.Tests.Gateway.Telemetry;

/// <summary>A strict reader of the text of /metrics: a line that is not exactly as the format has it fails the test.</summary>
internal sealed partial class Exposition
{
    private readonly List<Sample> _samples = [];
    private readonly Dictionary<string, string> _types = [];

    public IReadOnlyList<Sample> Samples => _samples;

    /// <summary>Families by name: counter, gauge, histogram.</summary>
    public IReadOnlyDictionary<string, string> Types => _types;

    public static Exposition Parse(string text)
    {
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        var exposition = new Exposition();
        foreach (var line in text.Split('\n')[..^1])
        {
            exposition.Take(line);
        }
        return exposition;
    }

    public double Sum(string name, params (string Label, string Value)[] labels) =>
        Samples.Where(sample => sample.Name == name && labels.All(label => sample.Labels.GetValueOrDefault(label.Label) == label.Value)).Sum(sample => sample.Value);

    /// <summary>The family a sample belongs to: a histogram's samples end in _bucket, _sum and _count.</summary>
    public string FamilyOf(Sample sample) => _types.ContainsKey(sample.Name) ? sample.Name
        : new[] { "_bucket", "_sum", "_count" }.Where(end => sample.Name.EndsWith(end, StringComparison.Ordinal)).Select(end => sample.Name[..^end.Length]).Single(_types.ContainsKey);

    private void Take(string line)
    {
        if (line.Length == 0 || line == "# EOF" || line.StartsWith("# HELP ", StringComparison.Ordinal) || line.StartsWith("# UNIT ", StringComparison.Ordinal))
        {
            return;
        }
        if (TypeLine().Match(line) is { Success: true } type)
        {
            Assert.True(_types.TryAdd(type.Groups[1].Value, type.Groups[2].Value), $"twice: {line}");
            return;
        }
        var match = SampleLine().Match(line);
        Assert.True(match.Success, $"not a line of the format: {line}");
        var labels = LabelPair().Matches(match.Groups[2].Value).ToDictionary(pair => pair.Groups[1].Value, pair => pair.Groups[2].Value);
        var value = match.Groups[3].Value switch { "+Inf" => double.PositiveInfinity, "NaN" => double.NaN, var number => double.Parse(number, CultureInfo.InvariantCulture) };
        _samples.Add(new Sample(match.Groups[1].Value, labels, value));
    }

    [GeneratedRegex("^# TYPE ([a-z_:][a-z0-9_:]*) (counter|gauge|histogram|info)$")]
    private static partial Regex TypeLine();

    [GeneratedRegex("""^([a-z_:][a-z0-9_:]*)(?:\{((?:[a-z_][a-z0-9_]*="(?:[^"\\\n]|\\.)*",?)*)\})? (\+Inf|NaN|-?[0-9.eE+-]+)(?: [0-9.]+)?$""")]
    private static partial Regex SampleLine();

    [GeneratedRegex("([a-z_][a-z0-9_]*)=\"((?:[^\"\\\\\n]|\\\\.)*)\"")]
    private static partial Regex LabelPair();
}

internal sealed record Sample(string Name, Dictionary<string, string> Labels, double Value);
