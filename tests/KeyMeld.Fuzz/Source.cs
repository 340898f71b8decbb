using System.Runtime.CompilerServices;
using System.Text.Json;

namespace KeyMeld.Fuzz;

/// <summary>Where this project's source and the vectors beside the repository lie.</summary>
internal static class Source
{
    public static string Repository { get; } = Path.GetFullPath(Path.Combine(Folder(), "..", ".."));

    private static string Vectors => Path.GetFullPath(Path.Combine(Repository, "..", "shared", "vectors"));

    private static string Folder([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;

    public static byte[] File(params string[] path) => System.IO.File.ReadAllBytes(Path.Combine([Vectors, .. path]));

    public static IEnumerable<byte[]> Files(string folder, string pattern) =>
        Directory.GetFiles(Path.Combine(Vectors, folder), pattern).Order(StringComparer.Ordinal).Select(System.IO.File.ReadAllBytes);

    /// <summary>The accepted and refused bytes of one type in the protocol's vectors.</summary>
    public static IEnumerable<byte[]> Protocol(string type)
    {
        using var document = JsonDocument.Parse(File("protocol", "v1.json"));
        return [.. new[] { "accepted", "refused" }.SelectMany(list => document.RootElement.GetProperty(list).EnumerateArray())
            .Where(one => one.GetProperty("type").GetString() == type).Select(one => Convert.FromHexString(one.GetProperty("bytes").GetString()!))];
    }

    public static IEnumerable<byte[]> NsmResponses()
    {
        using var document = JsonDocument.Parse(File("nsm", "nsm-cbor-derived.json"));
        return [.. document.RootElement.GetProperty("responses").EnumerateObject().Where(one => one.Value.ValueKind == JsonValueKind.String && one.Value.GetString()!.All(char.IsAsciiHexDigit))
            .Select(one => Convert.FromHexString(one.Value.GetString()!))];
    }

    public static IEnumerable<byte[]> Texts(string list, string member)
    {
        using var document = JsonDocument.Parse(File("protocol", "v1.json"));
        return [.. document.RootElement.GetProperty(list).EnumerateArray().Select(one => System.Text.Encoding.UTF8.GetBytes(one.GetProperty(member).GetString()!))];
    }
}
