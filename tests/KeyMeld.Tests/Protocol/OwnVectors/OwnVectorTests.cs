using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using KeyMeld.Tests.Protocol.Support;
using KeyMeld.Tests.Support;

namespace KeyMeld.Tests.Protocol.OwnVectors;

/// <summary>
/// vectors/protocol/keymeld-v1.json: fixed-key vectors of this implementation, so that another can be checked against it. They were made once by
/// KEYMELD_WRITE_VECTORS=1 and are reproduced to the byte ever since; a difference is a change of the protocol.
/// </summary>
public class OwnVectorTests
{
    private static readonly string File = Path.Combine(Vectors.SourceRoot(), "vectors", "protocol", "keymeld-v1.json");

    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [Fact]
    public void The_committed_vectors_are_reproduced_to_the_byte()
    {
        using var story = new Story();
        var text = Make(story).ToJsonString(Readable).ReplaceLineEndings("\n") + "\n";
        if (Environment.GetEnvironmentVariable("KEYMELD_WRITE_VECTORS") == "1")
        {
            System.IO.File.WriteAllText(File, text);
        }
        Assert.Equal(System.IO.File.ReadAllText(File), text);
    }

    [Fact]
    public void The_committed_vectors_cover_every_statement_envelope_and_ciphertext()
    {
        using var document = JsonDocument.Parse(System.IO.File.ReadAllBytes(File));
        var statements = new HashSet<string>();
        var purposes = new HashSet<string>();
        var wires = 0;
        Walk(document.RootElement, element =>
        {
            if (element.TryGetProperty("type", out var type))
            {
                statements.Add(type.GetString()!);
            }
            if (element.TryGetProperty("purpose", out var purpose))
            {
                purposes.Add($"{(element.TryGetProperty("recipient_secret", out _) ? "hpke" : "session")} {purpose.GetString()}");
            }
            wires += element.TryGetProperty("wire", out _) ? 1 : 0;
        });
        Assert.Equal(["approval", "cancel", "erase", "key", "key-erase", "manifest", "registration", "signing-request", "single-sign"], statements.Order());
        Assert.Equal(
            [
                "hpke make-key", "hpke member-key", "hpke session-secret", "hpke single-key", "hpke single-sign",
                "session member-key", "session result", "session round1", "session round2", "session signing-items", "session terms",
            ],
            purposes.Order());
        Assert.Equal(36, wires);
    }

    private static JsonObject Make(Story story)
    {
        var groups = new GroupVectors(story);
        var keys = new KeyVectors(story);
        return new JsonObject
        {
            ["about"] = "KeyMeld protocol version 1, vectors of the C# implementation. Byte strings are lower-case hex. Secrets are SHA-256 of 'keymeld own vector: ' and a label: public, never use them. See README.md.",
            ["enclaves"] = groups.Enclaves,
            ["manifest"] = groups.Manifest,
            ["registrations"] = groups.Registrations,
            ["roster"] = groups.RosterJson,
            ["signing"] = new SigningVectors(story, groups.Roster).Describe(),
            ["erase"] = groups.Erase(),
            ["made_member_key"] = keys.MadeMember(),
            ["single_key"] = keys.Single(),
            ["http"] = keys.Http(),
            ["invitations"] = groups.Invitations(),
        };
    }

    private static void Walk(JsonElement element, Action<JsonElement> visit)
    {
        if (element.ValueKind == JsonValueKind.Object)
        {
            visit(element);
        }
        IEnumerable<JsonElement> children = element.ValueKind switch
        {
            JsonValueKind.Object => element.EnumerateObject().Select(member => member.Value),
            JsonValueKind.Array => element.EnumerateArray(),
            _ => [],
        };
        foreach (var child in children)
        {
            Walk(child, visit);
        }
    }
}
