using System.Text.Json;
using KeyMeld.Protocol.Groups;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Support;

namespace KeyMeld.Tests.Protocol;

/// <summary>The independent vectors of protocol.md (`../shared/vectors/protocol/v1.json`), and readers for what is in them.</summary>
internal static class ProtocolVectors
{
    private static readonly Lazy<JsonElement> File = new(() => Vectors.Json("protocol", "v1.json"));

    public static JsonElement Root => File.Value;

    public static JsonElement At(this JsonElement element, string path) => path.Split('.').Aggregate(element, (at, name) => int.TryParse(name, out var index) ? at[index] : at.GetProperty(name));

    public static string Text(this JsonElement element, string path) => element.At(path).GetString()!;

    public static byte[] Hex(this JsonElement element, string path) => Convert.FromHexString(element.Text(path));

    public static Hash32 Hash(this JsonElement element, string path) => new(element.Hex(path));

    public static SecretKey Secret(this JsonElement element, string path) => SecretKey.Import(element.Hex(path));

    public static PublicKey Public(this JsonElement element, string path) => PublicKey.Parse(element.Hex(path));

    public static XOnlyPublicKey XOnly(this JsonElement element, string path) => XOnlyPublicKey.Parse(element.Hex(path));

    public static Id16 Id(this JsonElement element, string path) => Id16.Parse(element.Text(path));

    /// <summary>A statement with all signatures the file has for it.</summary>
    public static SignedStatement Statement(this JsonElement element, string path)
    {
        var statement = element.At(path);
        return new SignedStatement(statement.Hex("bytes"), [.. statement.GetProperty("signatures").EnumerateArray().Select(one => SchnorrSignature.Parse(one.Hex("signature")))]);
    }

    public static Signed<Manifest> Manifest() => Signed.ParseManifest(Root.Statement("manifest.statement"));

    public static SessionSecret SessionSecret() => KeyMeld.Protocol.Sessions.SessionSecret.Import(Root.Hex("manifest.session_secret"));

    public static SignedStatement[] Registrations() => [.. Enumerable.Range(0, 4).Select(i => Root.Statement($"registrations.{i}.statement"))];

    public static Roster Roster()
    {
        using var secret = SessionSecret();
        return KeyMeld.Protocol.Groups.Roster.Verify(Manifest(), Root.Hex("manifest.encrypted_terms.wire"), secret, Registrations());
    }

    public static bool Has(this JsonElement element, string name) => element.TryGetProperty(name, out _);

    /// <summary>Every object anywhere in the file, must-fail cases excepted, that satisfies the condition.</summary>
    public static IReadOnlyList<JsonElement> Find(Func<JsonElement, bool> condition)
    {
        var found = new List<JsonElement>();
        foreach (var section in Root.EnumerateObject().Where(section => section.Name != "must_fail"))
        {
            Walk(section.Value, condition, found);
        }
        return found;
    }

    public static IReadOnlyList<JsonElement> MustFail(string kind, int count)
    {
        var cases = Root.GetProperty("must_fail").EnumerateArray().Where(one => one.Text("kind") == kind).ToArray();
        Assert.Equal(count, cases.Length);
        return cases;
    }

    private static void Walk(JsonElement element, Func<JsonElement, bool> condition, List<JsonElement> found)
    {
        if (element.ValueKind == JsonValueKind.Object && condition(element))
        {
            found.Add(element);
        }
        IEnumerable<JsonElement> children = element.ValueKind switch
        {
            JsonValueKind.Object => element.EnumerateObject().Select(member => member.Value),
            JsonValueKind.Array => element.EnumerateArray(),
            _ => [],
        };
        foreach (var child in children)
        {
            Walk(child, condition, found);
        }
    }
}
