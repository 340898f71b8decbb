// protocol.md section 5, "Keys", as a file that people write: [ "bip86" ], [ {"plain": HEX}, {"taproot": TREE} ]; TREE = HEX | {"script": HEX, "asm": TEXT, "leaf": 192} | [TREE, TREE].
using System.Text.Json;
using KeyMeld.Protocol;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;

namespace KeyMeld.Client;

/// <summary>
/// Tweak chains in JSON: an array of tweaks, or one tweak alone. A tweak is <c>"bip86"</c>, <c>{"plain": "64 hex digits"}</c>, <c>{"xonly": "64 hex digits"}</c> or <c>{"taproot": tree}</c>. A tree is a
/// script in hex, <c>{"script": hex}</c> or <c>{"asm": "… OP_CHECKSIG"}</c> with an optional <c>"leaf"</c> version (192, tapscript, by default), or an array of two trees.
/// </summary>
public static class TweakJson
{
    private const int LargestFile = 4 * Limits.TermsBytes;

    /// <summary>Options that let a script tree be as deep as the protocol does.</summary>
    public static JsonDocumentOptions Options { get; } = new() { MaxDepth = (2 * Limits.TreeDepth) + 16, CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <summary>Reads a chain.</summary>
    /// <param name="utf8">The JSON text.</param>
    /// <exception cref="KeyMeldException"><c>bad_request</c>: no such chain; the message says where.</exception>
    public static TweakChain Parse(ReadOnlyMemory<byte> utf8)
    {
        if (utf8.Length > LargestFile)
        {
            throw Invalid("tweaks", $"are over {LargestFile} bytes");
        }
        try
        {
            using var document = JsonDocument.Parse(utf8, Options);
            return Read(document.RootElement);
        }
        catch (JsonException exception)
        {
            throw new KeyMeldException(ErrorCodes.BadRequest, $"The tweaks are no JSON: {UntrustedText.Show(exception.Message)}", exception);
        }
    }

    /// <summary>Reads a chain that is part of a larger document.</summary>
    /// <exception cref="KeyMeldException"><c>bad_request</c>: no such chain; the message says where.</exception>
    public static TweakChain Read(JsonElement json)
    {
        try
        {
            return json.ValueKind == JsonValueKind.Array
                ? new TweakChain([.. json.EnumerateArray().Select((tweak, index) => ReadTweak(tweak, $"tweaks[{index}]"))])
                : new TweakChain([ReadTweak(json, "tweak")]);
        }
        catch (KeyMeldException exception) when (exception.Code != ErrorCodes.BadRequest)
        {
            throw new KeyMeldException(ErrorCodes.BadRequest, exception.Message, exception);
        }
    }

    /// <summary>Writes a chain as <see cref="Read"/> reads it, scripts in hex.</summary>
    public static void Write(Utf8JsonWriter json, TweakChain chain)
    {
        ArgumentNullException.ThrowIfNull(json);
        ArgumentNullException.ThrowIfNull(chain);
        json.WriteStartArray();
        foreach (var tweak in chain.Tweaks)
        {
            switch (tweak)
            {
                case Tweak.Bip86:
                    json.WriteStringValue("bip86");
                    continue;
                case Tweak.Plain plain:
                    WriteOne(json, "plain", plain.Value);
                    continue;
                case Tweak.XOnly xonly:
                    WriteOne(json, "xonly", xonly.Value);
                    continue;
                case Tweak.Taproot taproot:
                    json.WriteStartObject();
                    json.WritePropertyName("taproot");
                    Write(json, taproot.Tree);
                    json.WriteEndObject();
                    continue;
            }
        }
        json.WriteEndArray();
    }

    private static void WriteOne(Utf8JsonWriter json, string name, Hash32 value)
    {
        json.WriteStartObject();
        json.WriteString(name, value.ToString());
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, ScriptTree tree)
    {
        switch (tree)
        {
            case ScriptTree.Leaf { Version: ScriptLeaf.Tapscript } leaf:
                json.WriteStringValue(Convert.ToHexStringLower(leaf.Script.Span));
                break;
            case ScriptTree.Leaf leaf:
                json.WriteStartObject();
                json.WriteString("script", Convert.ToHexStringLower(leaf.Script.Span));
                json.WriteNumber("leaf", leaf.Version);
                json.WriteEndObject();
                break;
            case ScriptTree.Branch branch:
                json.WriteStartArray();
                Write(json, branch.Left);
                Write(json, branch.Right);
                json.WriteEndArray();
                break;
        }
    }

    private static Tweak ReadTweak(JsonElement json, string where)
    {
        if (json.ValueKind == JsonValueKind.String)
        {
            return json.GetString() == "bip86" ? new Tweak.Bip86() : throw Invalid(where, "is a text other than \"bip86\"");
        }
        var members = json.ValueKind == JsonValueKind.Object ? json.EnumerateObject().ToList() : [];
        return members is [var only]
            ? only.Name switch
            {
                "plain" => new Tweak.Plain(ReadHash(only.Value, $"{where}.plain")),
                "xonly" => new Tweak.XOnly(ReadHash(only.Value, $"{where}.xonly")),
                "taproot" => new Tweak.Taproot(ReadTree(only.Value, $"{where}.taproot", 0)),
                _ => throw Invalid(where, "is of a kind other than bip86, taproot, plain, xonly"),
            }
            : throw Invalid(where, "is neither \"bip86\" nor an object with one of taproot, plain, xonly");
    }

    private static ScriptTree ReadTree(JsonElement json, string where, int depth)
    {
        switch (json.ValueKind)
        {
            case JsonValueKind.String:
                return new ScriptTree.Leaf(ScriptLeaf.Tapscript, ReadHex(json, where));
            case JsonValueKind.Object:
                return ReadLeaf(json, where);
            case JsonValueKind.Array when json.GetArrayLength() == 2 && depth < Limits.TreeDepth:
                return new ScriptTree.Branch(ReadTree(json[0], $"{where}[0]", depth + 1), ReadTree(json[1], $"{where}[1]", depth + 1));
            default:
                throw Invalid(where, $"is neither a script nor a pair of trees, or deeper than {Limits.TreeDepth}");
        }
    }

    private static ScriptTree.Leaf ReadLeaf(JsonElement json, string where)
    {
        byte[]? script = null;
        var version = ScriptLeaf.Tapscript;
        foreach (var member in json.EnumerateObject())
        {
            switch (member.Name)
            {
                case "script" when script is null:
                    script = ReadHex(member.Value, $"{where}.script");
                    break;
                case "asm" when script is null && member.Value.ValueKind == JsonValueKind.String:
                    script = ScriptText.Assemble(member.Value.GetString()!);
                    break;
                case "leaf" when member.Value.ValueKind == JsonValueKind.Number && member.Value.TryGetInt32(out version) && version is >= 0 and <= byte.MaxValue && version % 2 == 0:
                    break;
                default:
                    throw Invalid($"{where}.{UntrustedText.Show(member.Name)}", "is unknown, twice or of the wrong kind; a leaf has script or asm, and leaf (an even byte)");
            }
        }
        return new ScriptTree.Leaf(version, script ?? throw Invalid(where, "has neither script nor asm"));
    }

    private static Hash32 ReadHash(JsonElement json, string where) =>
        ReadHex(json, where) is { Length: Hash32.Size } bytes ? new Hash32(bytes) : throw Invalid(where, $"is not {2 * Hash32.Size} hex digits");

    private static byte[] ReadHex(JsonElement json, string where)
    {
        var text = json.ValueKind == JsonValueKind.String ? json.GetString()! : throw Invalid(where, "is not a text of hex digits");
        return text.Length % 2 == 0 && text.All(char.IsAsciiHexDigit) ? Convert.FromHexString(text) : throw Invalid(where, "is not a text of hex digits");
    }

    private static KeyMeldException Invalid(string where, string what) => new(ErrorCodes.BadRequest, $"{where} {what}.");
}
