using System.Runtime.CompilerServices;
using System.Text.Json;

namespace KeyMeld.Tests.Support;

/// <summary>The public test vectors beside the project (`../shared/vectors`). They are read from there, never copied.</summary>
internal static class Vectors
{
    public static string Root { get; } = Path.GetFullPath(Path.Combine(SourceRoot(), "..", "shared", "vectors"));

    public static byte[] Bytes(params string[] path) => File.ReadAllBytes(Find(path));

    public static string Text(params string[] path) => File.ReadAllText(Find(path));

    public static JsonElement Json(params string[] path)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Find(path)));
        return document.RootElement.Clone();
    }

    /// <summary>The folder of the repository, from where this file was compiled.</summary>
    public static string SourceRoot() => FromThisFile();

    private static string FromThisFile([CallerFilePath] string file = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "..", "..", ".."));

    private static string Find(string[] path)
    {
        var full = Path.Combine([Root, .. path]);
        if (!File.Exists(full))
        {
            if (Environment.GetEnvironmentVariable("CI") == "true")
            {
                Assert.Fail($"The vector {full} is missing.");
            }
            Assert.Skip($"The vectors are not beside the project: {full}");
        }
        return full;
    }
}
