using System.Text.Json;
using KeyMeld.Protocol;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Secp256k1;

namespace KeyMeld.Client;

/// <summary>A <see cref="GroupBlueprint"/> as a file: JSON, keys in hex, tweaks as <see cref="TweakJson"/> writes them.</summary>
public static class BlueprintJson
{
    private const int Version = 1;

    /// <summary>The blueprint as JSON text.</summary>
    public static byte[] Write(GroupBlueprint blueprint)
    {
        ArgumentNullException.ThrowIfNull(blueprint);
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true, MaxDepth = TweakJson.Options.MaxDepth }))
        {
            json.WriteStartObject();
            json.WriteNumber("version", Version);
            json.WriteString("label", blueprint.Label);
            WriteTexts(json, "member_keys", blueprint.MemberKeys.Select(key => key.ToString()));
            if (blueprint.Place is { } place)
            {
                json.WriteNumber("place", place);
            }
            WriteNumbers(json, "approvers", blueprint.Approvers);
            json.WriteNumber("threshold", blueprint.Threshold);
            json.WriteBoolean("creator_requests", blueprint.CreatorRequests);
            json.WritePropertyName("tweaks");
            TweakJson.Write(json, blueprint.Tweaks);
            json.WriteStartArray("subsets");
            foreach (var subset in blueprint.Subsets)
            {
                json.WriteStartObject();
                json.WriteString("id", subset.Id?.ToString());
                WriteNumbers(json, "members", subset.Members);
                json.WritePropertyName("tweaks");
                TweakJson.Write(json, subset.Tweaks);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            WriteTexts(json, "output_keys", blueprint.OutputKeys.Select(key => key.ToString()));
            json.WriteEndObject();
        }
        return buffer.ToArray();
    }

    /// <summary>Reads a blueprint.</summary>
    /// <exception cref="KeyMeldException"><c>bad_request</c>: it is none, or damaged.</exception>
    public static GroupBlueprint Parse(ReadOnlyMemory<byte> utf8)
    {
        try
        {
            using var document = JsonDocument.Parse(utf8, TweakJson.Options);
            var root = document.RootElement;
            if (root.GetProperty("version").GetInt32() != Version)
            {
                throw Invalid($"it is not of version {Version}");
            }
            return Checked(new GroupBlueprint
            {
                Label = root.GetProperty("label").GetString(),
                MemberKeys = [.. root.GetProperty("member_keys").EnumerateArray().Select(key => PublicKey.Parse(Hex(key)))],
                Place = root.TryGetProperty("place", out var place) ? place.GetInt32() : null,
                Approvers = Numbers(root.GetProperty("approvers")),
                Threshold = root.GetProperty("threshold").GetInt32(),
                CreatorRequests = root.GetProperty("creator_requests").GetBoolean(),
                Tweaks = TweakJson.Read(root.GetProperty("tweaks")),
                Subsets = [.. root.GetProperty("subsets").EnumerateArray().Select(subset => new PlannedSubset(Numbers(subset.GetProperty("members")))
                {
                    Id = subset.GetProperty("id").GetString() is { } id ? Id16.Parse(id) : null,
                    Tweaks = TweakJson.Read(subset.GetProperty("tweaks")),
                })],
                OutputKeys = [.. root.GetProperty("output_keys").EnumerateArray().Select(key => XOnlyPublicKey.Parse(Hex(key)))],
            });
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or System.Security.Cryptography.CryptographicException or ArgumentException)
        {
            throw new KeyMeldException(ErrorCodes.BadRequest, $"This is no record of a group: {UntrustedText.Show(exception.Message)}", exception);
        }
    }

    private static GroupBlueprint Checked(GroupBlueprint blueprint)
    {
        var count = blueprint.MemberKeys.Count;
        var places = blueprint.Approvers.Concat(blueprint.Subsets.SelectMany(subset => subset.Members)).Concat(blueprint.Place is { } own ? [own] : []);
        return count is >= 1 and <= Limits.Participants && places.All(place => place >= 0 && place < count) && blueprint.OutputKeys.Count == 1 + blueprint.Subsets.Count
            ? blueprint
            : throw Invalid("its parts contradict each other");
    }

    private static byte[] Hex(JsonElement text) => Convert.FromHexString(text.GetString() ?? throw Invalid("a key is missing"));

    private static IReadOnlyList<int> Numbers(JsonElement array) => [.. array.EnumerateArray().Select(number => number.GetInt32())];

    private static void WriteTexts(Utf8JsonWriter json, string name, IEnumerable<string> texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts)
        {
            json.WriteStringValue(text);
        }
        json.WriteEndArray();
    }

    private static void WriteNumbers(Utf8JsonWriter json, string name, IEnumerable<int> numbers)
    {
        json.WriteStartArray(name);
        foreach (var number in numbers)
        {
            json.WriteNumberValue(number);
        }
        json.WriteEndArray();
    }

    private static KeyMeldException Invalid(string why) => new(ErrorCodes.BadRequest, $"This is no record of a group: {why}.");
}
