using System.Text;
using System.Text.Json;
using KeyMeld.Cli.Commands.Groups;
using KeyMeld.Cli.Output;
using KeyMeld.Client;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Cli.Commands.Signings;

/// <summary>
/// A batch in a file: JSON (an array of objects) or CSV (its first line names the columns). Each item has one of <c>hash</c> (64 hex digits), <c>file</c> (beside the items file) or <c>text</c>, and may have
/// <c>name</c>, <c>adaptor</c> (a point: then a pre-signature is made), <c>subset</c> and <c>tweaks</c> (as on the command line; in JSON also as in a tweak file).
/// </summary>
internal static class ItemsFile
{
    private static readonly string[] Members = ["name", "hash", "file", "text", "subset", "tweaks", "adaptor"];

    /// <exception cref="KeyMeldException"><c>bad_request</c>, naming the item and what is wrong with it.</exception>
    public static IReadOnlyList<SigningContent> Read(string path, Group group)
    {
        var items = path.EndsWith(".csv", StringComparison.OrdinalIgnoreCase) ? ReadCsv(path) : ReadJson(path);
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        // Batches have many items and few keys: the same words mean the same chain.
        var chains = new Dictionary<string, TweakChain>();
        return [.. items.Select((item, index) => Content(item, folder, group, chains, $"item {index}"))];
    }

    private static SigningContent Content(Dictionary<string, JsonElement> item, string folder, Group group, Dictionary<string, TweakChain> chains, string where)
    {
        if (item.Keys.FirstOrDefault(member => !Members.Contains(member)) is { } unknown)
        {
            throw Invalid($"{where} has '{unknown}'; it can have {string.Join(", ", Members)}");
        }
        var name = Text(item, "name", where);
        var content = (Text(item, "hash", where), Text(item, "file", where), Text(item, "text", where)) switch
        {
            ({ } hash, null, null) => SigningContent.FromHash(Hexadecimal.Bytes(hash, 32, $"{where}: hash"), name ?? hash),
            (null, { } file, null) => SigningContent.FromFile(Path.Combine(folder, file)),
            (null, null, { } text) => SigningContent.FromBytes(Encoding.UTF8.GetBytes(text), name),
            _ => throw Invalid($"{where} needs one of hash, file and text"),
        };
        return content with
        {
            Name = name ?? content.Name,
            Subset = Text(item, "subset", where) is { } subset ? group.Subsets[SubsetName.Find(group, subset)].Id : null,
            Adaptor = Text(item, "adaptor", where) is { } point ? Adaptor.Of(Point(point, $"{where}: adaptor")) : null,
            Tweaks = item.TryGetValue("tweaks", out var tweaks) ? Chain(tweaks, chains, $"{where}: tweaks") : null,
        };
    }

    private static PublicKey Point(string hex, string what) => PublicKey.TryParse(Hexadecimal.Bytes(hex, PublicKey.Size, what), out var point)
        ? point
        : throw Invalid($"{what} is not a point of the curve");

    private static TweakChain Chain(JsonElement json, Dictionary<string, TweakChain> chains, string where)
    {
        var text = json.GetRawText();
        if (!chains.TryGetValue(text, out var chain))
        {
            chains.Add(text, chain = json.ValueKind == JsonValueKind.String ? TweakSyntax.Parse(json.GetString()!, where) : TweakJson.Read(json));
        }
        return chain;
    }

    private static string? Text(Dictionary<string, JsonElement> item, string member, string where) => !item.TryGetValue(member, out var value) ? null : value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Number when member == "subset" => value.GetRawText(),
        _ => throw Invalid($"{where}: {member} is not a text"),
    };

    private static IEnumerable<Dictionary<string, JsonElement>> ReadJson(string path)
    {
        JsonElement root;
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path), TweakJson.Options);
            root = document.RootElement.Clone();
        }
        catch (JsonException exception)
        {
            throw new KeyMeldException(ErrorCodes.BadRequest, $"{path} is no JSON: {exception.Message}", exception);
        }
        if (root.ValueKind != JsonValueKind.Array)
        {
            throw Invalid($"{path} is not an array of items");
        }
        return root.EnumerateArray().Select((item, index) =>
        {
            var members = item.ValueKind == JsonValueKind.Object ? item.EnumerateObject().ToList() : throw Invalid($"item {index} is not an object");
            return members.DistinctBy(member => member.Name).Count() == members.Count
                ? members.ToDictionary(member => member.Name, member => member.Value)
                : throw Invalid($"item {index} has a member twice");
        });
    }

    private static IEnumerable<Dictionary<string, JsonElement>> ReadCsv(string path)
    {
        var rows = Csv.Parse(File.ReadAllText(path)).ToList();
        if (rows.Count == 0 || rows[0].Distinct().Count() != rows[0].Count)
        {
            throw Invalid($"{path} needs a first line that names the columns, each once");
        }
        foreach (var (index, row) in rows.Skip(1).Index())
        {
            if (row.Count != rows[0].Count)
            {
                throw Invalid($"item {index} has {row.Count} fields for {rows[0].Count} columns");
            }
            // An empty field is one that is not there.
            yield return rows[0].Zip(row).Where(field => field.Second.Length > 0).ToDictionary(field => field.First, field => TextElement(field.Second));
        }
    }

    private static JsonElement TextElement(string text)
    {
        using var document = JsonDocument.Parse($"\"{JsonEncodedText.Encode(text)}\"");
        return document.RootElement.Clone();
    }

    private static KeyMeldException Invalid(string what) => new(ErrorCodes.BadRequest, $"{what}.");
}
