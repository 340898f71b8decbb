using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace KeyMeld.Tests.Gateway.Telemetry;

/// <summary>Everything one meter is told while this lives, and what it reads off when asked.</summary>
internal sealed class Readings : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentQueue<Reading> _told = [];
    private readonly ConcurrentQueue<Reading> _observed = [];

    public Readings(Meter meter)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (ReferenceEquals(instrument.Meter, meter))
            {
                Instruments.Enqueue(instrument.Name);
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Take(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Take(instrument, value, tags));
        _listener.Start();
    }

    public ConcurrentQueue<string> Instruments { get; } = [];

    /// <summary>All so far, the observed ones as they are now.</summary>
    public IReadOnlyList<Reading> Read()
    {
        _observed.Clear();
        _listener.RecordObservableInstruments();
        return [.. _told, .. _observed];
    }

    /// <summary>The sum of a counter's measurements with these labels.</summary>
    public double Sum(string name, params (string Label, string Value)[] labels) =>
        Read().Where(reading => reading.Name == name && labels.All(label => reading.Labels.GetValueOrDefault(label.Label) == label.Value)).Sum(reading => reading.Value);

    public void Dispose() => _listener.Dispose();

    private void Take(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
        (instrument.IsObservable ? _observed : _told).Enqueue(new Reading(instrument.Name, value, Of(tags)));

    private static Dictionary<string, string> Of(ReadOnlySpan<KeyValuePair<string, object?>> tags) => tags.ToArray().ToDictionary(tag => tag.Key, tag => (string)tag.Value!);
}

internal sealed record Reading(string Name, double Value, Dictionary<string, string> Labels);
