using System.Collections.Immutable;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace KeyMeld.Tests.Gateway.OpenApi.Examples;

/// <summary>
/// What of an answer is another each time it is given, such as how long something took: there the document shows a value of its own, and a replay compares that there is one of that kind.
/// Of a text only some lines may be shown.
/// </summary>
/// <param name="Members">JSON pointers (RFC 6901), where <c>*</c> is every element of an array that has it, and what is shown there.</param>
/// <param name="Lines">Metrics whose lines are shown; empty for all of the text.</param>
internal sealed partial record Varying(ImmutableDictionary<string, JsonNode> Members, ImmutableArray<string> Lines)
{
    public static readonly Varying Nothing = new(ImmutableDictionary<string, JsonNode>.Empty, []);

    public static Varying Of(params ReadOnlySpan<(string Pointer, JsonNode Shown)> members) =>
        Nothing with { Members = members.ToArray().ToImmutableDictionary(member => member.Pointer, member => member.Shown) };

    public static Varying Only(params ReadOnlySpan<string> lines) => Nothing with { Lines = [.. lines] };

    public static Varying Read(JsonNode step) => new(
        (step["varies"] as JsonObject ?? []).ToImmutableDictionary(member => member.Key, member => member.Value!),
        [.. (step["lines"] as JsonArray ?? []).Select(line => (string)line!)]);

    public void Write(JsonObject step)
    {
        if (!Members.IsEmpty)
        {
            step["varies"] = new JsonObject(Members.OrderBy(member => member.Key, StringComparer.Ordinal).Select(member => KeyValuePair.Create(member.Key, (JsonNode?)member.Value.DeepClone())));
        }
        if (!Lines.IsEmpty)
        {
            step["lines"] = new JsonArray([.. Lines.Select(line => JsonValue.Create(line))]);
        }
    }

    /// <summary>The answer with the values that are shown. Fails where there is none of that kind.</summary>
    public JsonNode? Settle(JsonNode? answer)
    {
        var settled = answer?.DeepClone();
        foreach (var (pointer, shown) in Members)
        {
            Set(settled!, pointer.Split('/').AsSpan(1), shown, mayMiss: false);
        }
        return Lines.IsEmpty ? settled : string.Concat(((string)settled!).Split('\n').Where(IsShown).Select(line => Version().Replace(line, "otel_scope_version=\"1.0.0\"") + "\n"));
    }

    private bool IsShown(string line) =>
        Lines.Any(name => new[] { name + "{", name + " ", $"# HELP {name} ", $"# TYPE {name} " }.Any(start => line.StartsWith(start, StringComparison.Ordinal)));

    // Of the program; it would be another with each release.
    [GeneratedRegex("otel_scope_version=\"[^\"]*\"")]
    private static partial Regex Version();

    private static void Set(JsonNode node, ReadOnlySpan<string> path, JsonNode shown, bool mayMiss)
    {
        if (path[0] == "*")
        {
            foreach (var element in (JsonArray)node)
            {
                Set(element!, path[1..], shown, mayMiss: true);
            }
        }
        else if (node[path[0]] is not { } member)
        {
            Assert.True(mayMiss, $"There is no {string.Join('/', path)} in {node}.");
        }
        else if (path.Length > 1)
        {
            Set(member, path[1..], shown, mayMiss);
        }
        else
        {
            Assert.Equal(shown.GetValueKind(), member.GetValueKind());
            node[path[0]] = shown.DeepClone();
        }
    }
}
