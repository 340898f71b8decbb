using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace KeyMeld.Gateway.Dashboard;

/// <summary>One overview, written once for everybody who looks, section by section so that the sections can be compared.</summary>
internal sealed class OverviewSnapshot
{
    private readonly long _now;
    private readonly ImmutableArray<(string Name, byte[] Json)> _sections;

    public OverviewSnapshot(OverviewJson overview)
    {
        _now = overview.Now!.Value;
        var json = DashboardJson.Default;
        _sections =
        [
            Write("gateway", overview.Gateway!, json.GatewayFactsJson),
            Write("enclaves", overview.Enclaves!, json.IReadOnlyListEnclaveFactsJson),
            Write("signings", overview.Signings!, json.SigningsJson),
            Write("groups", overview.Groups!, json.GroupsJson),
            Write("last_hour", overview.LastHour!, json.LastHourJson),
            Write("failures", overview.Failures!, json.IReadOnlyListFailureJson),
        ];
    }

    /// <summary>All of it.</summary>
    public byte[] Full() => Compose(_now, _sections);

    /// <summary>The sections that are others than before; null where none is.</summary>
    public byte[]? ChangesSince(OverviewSnapshot before)
    {
        ImmutableArray<(string, byte[])> changed = [.. _sections.Where((section, index) => !section.Json.AsSpan().SequenceEqual(before._sections[index].Json))];
        return changed.IsEmpty ? null : Compose(null, changed);
    }

    private static (string, byte[]) Write<T>(string name, T value, JsonTypeInfo<T> type) => (name, JsonSerializer.SerializeToUtf8Bytes(value, type));

    private static byte[] Compose(long? now, ImmutableArray<(string Name, byte[] Json)> sections)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            if (now is { } time)
            {
                writer.WriteNumber("now", time);
            }
            foreach (var (name, json) in sections)
            {
                writer.WritePropertyName(name);
                writer.WriteRawValue(json, skipInputValidation: true);
            }
            writer.WriteEndObject();
        }
        return buffer.ToArray();
    }
}
