using System.Text;
using System.Text.Json.Nodes;
using KeyMeld.DevKit.Kms.Wire;

namespace KeyMeld.DevKit.Kms.Operations;

/// <summary>Limit and Marker of the List operations. A marker names the last item of the page before, so that a change in between loses no item.</summary>
internal sealed record PageRequest(int Limit, string? After)
{
    public static PageRequest Read(RequestReader reader, int defaultLimit)
    {
        var limit = reader.Integer("Limit", 1, 1000) ?? defaultLimit;
        return new(limit, reader.Text("Marker", maximum: 1024) is { } marker ? Decode(marker) : null);
    }

    /// <summary>One page of <paramref name="items"/>, which are in the ordinal order of their names.</summary>
    public JsonObject Answer<T>(string member, IEnumerable<T> items, Func<T, string> name, Func<T, JsonObject> show)
    {
        var rest = items.Where(item => After is null || string.CompareOrdinal(name(item), After) > 0).ToList();
        var page = rest.Take(Limit).ToList();
        var answer = new JsonObject { [member] = new JsonArray([.. page.Select(show)]), ["Truncated"] = rest.Count > page.Count };
        if (rest.Count > page.Count)
            answer["NextMarker"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(name(page[^1])));
        return answer;
    }

    private static string Decode(string marker)
    {
        var bytes = new byte[marker.Length];
        return Convert.TryFromBase64String(marker, bytes, out var length) && length > 0
            ? Encoding.UTF8.GetString(bytes, 0, length)
            : throw KmsFault.InvalidMarker();
    }
}
