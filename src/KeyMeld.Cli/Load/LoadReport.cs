using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using KeyMeld.Cli.Output;

namespace KeyMeld.Cli.Load;

/// <summary>What a run came to, for people and for machines.</summary>
/// <param name="Shape">What signed.</param>
/// <param name="Plan">How it was asked.</param>
/// <param name="Summary">What came of it.</param>
/// <param name="Processes">What the processes used; empty where they are elsewhere.</param>
internal sealed record LoadReport(LoadShape Shape, LoadPlan Plan, LatencySummary Summary, ImmutableArray<ProcessRow> Processes)
{
    private static readonly double[] Shown = [50, 90, 95, 99, 99.9];
    private static readonly JsonWriterOptions Indented = new() { Indented = true };

    /// <summary>Processor time for one signing, all processes together.</summary>
    public TimeSpan? ProcessorOfOne => Processes.IsEmpty || Summary.Signed == 0 ? null : TimeSpan.FromTicks(Processes.Sum(process => process.Processor.Ticks) / Summary.Signed);

    /// <summary>Prints it.</summary>
    public void Print(IReadOnlyList<(Expectation Expectation, bool Holds)> expectations)
    {
        Report.Facts([
            ("signing", $"{Shape}"),
            ("model", $"{Plan.Model}"),
            ("signed", Text($"{Summary.Signed} in {Summary.Elapsed.TotalSeconds:0.0} s")),
            ("rate", Text($"{Summary.Rate:0.0}")),
            .. Shown.Select(percent => (Text($"p{percent}"), Milliseconds(Summary.At(percent)))),
            ("max", Milliseconds(Summary.Longest)),
            ("errors", Summary.Errors.IsEmpty ? "0" : string.Join(", ", Summary.Errors.Select(error => $"{error.Value} {error.Key}"))),
            .. ProcessorOfOne is { } one ? [("processor time of one", Milliseconds(one))] : Array.Empty<(string, string?)>(),
            .. expectations.Select(expected => (expected.Expectation.Text, (string?)(expected.Holds ? "yes" : "NO"))),
        ]);
        if (!Processes.IsEmpty)
        {
            Report.Table("processes", ["process", "processor time of one signing", "memory"], Processes.Select(process => (IReadOnlyList<string?>)
            [
                process.Name,
                Summary.Signed == 0 ? "-" : Milliseconds(process.Processor / Summary.Signed),
                Text($"{process.ResidentBytes / 1048576.0:0} MiB"),
            ]));
        }
    }

    /// <summary>All of it, times in milliseconds.</summary>
    public byte[] ToJson()
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, Indented))
        {
            json.WriteStartObject();
            Write(json);
            json.WriteEndObject();
        }
        return buffer.ToArray();
    }

    private void Write(Utf8JsonWriter json)
    {
        json.WriteString("signing", Shape.ToString());
        json.WriteString("model", Plan.Model.ToString());
        json.WriteNumber("seed", Plan.Seed);
        json.WriteNumber("ramp_s", Plan.Ramp.TotalSeconds);
        json.WriteNumber("elapsed_s", Summary.Elapsed.TotalSeconds);
        json.WriteNumber("signed", Summary.Signed);
        json.WriteNumber("signatures", Summary.Signatures);
        json.WriteNumber("rate", Summary.Rate);
        json.WriteStartObject("errors");
        foreach (var (code, count) in Summary.Errors)
        {
            json.WriteNumber(code, count);
        }
        json.WriteEndObject();
        json.WriteStartObject("latency_ms");
        foreach (var (percent, latency) in Summary.Latencies)
        {
            json.WriteNumber(Text($"p{percent}"), latency.TotalMilliseconds);
        }
        json.WriteNumber("mean", Summary.Mean.TotalMilliseconds);
        json.WriteNumber("max", Summary.Longest.TotalMilliseconds);
        json.WriteEndObject();
        json.WriteStartArray("intervals");
        foreach (var interval in Summary.Intervals)
        {
            json.WriteStartObject();
            json.WriteNumber("from_s", interval.From.TotalSeconds);
            json.WriteNumber("to_s", interval.To.TotalSeconds);
            json.WriteNumber("signed", interval.Signed);
            json.WriteNumber("errors", interval.Errors);
            json.WriteNumber("p50", interval.P50.TotalMilliseconds);
            json.WriteNumber("p99", interval.P99.TotalMilliseconds);
            json.WriteNumber("max", interval.Longest.TotalMilliseconds);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("processes");
        foreach (var process in Processes)
        {
            json.WriteStartObject();
            json.WriteString("name", process.Name);
            json.WriteNumber("processor_s", process.Processor.TotalSeconds);
            json.WriteNumber("resident_bytes", process.ResidentBytes);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static string Milliseconds(TimeSpan time) => Text($"{time.TotalMilliseconds:0.00} ms");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
