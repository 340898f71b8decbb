// RFC 9110 sections 8.8.3 and 13.1.2: ETag and If-None-Match.
using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Security.Cryptography;

namespace KeyMeld.Gateway.Dashboard;

/// <param name="Path">Where it is served.</param>
/// <param name="ETag">SHA-256 of its content, quoted.</param>
internal sealed record DashboardFile(string Path, string ContentType, byte[] Content, string ETag);

/// <summary>The page and its parts, out of the program itself. The list is exact: nothing of a caller's ever becomes the name of a file.</summary>
internal static class DashboardFiles
{
    private const string Script = "text/javascript; charset=utf-8";

    private static readonly (string Path, string Resource, string ContentType)[] Names =
    [
        ("/", "index.html", "text/html; charset=utf-8"),
        ("/dashboard/dashboard.css", "dashboard.css", "text/css; charset=utf-8"),
        ("/dashboard/tables.css", "tables.css", "text/css; charset=utf-8"),
        ("/dashboard/icon.svg", "icon.svg", "image/svg+xml"),
        .. Modules("app", "chart", "dom", "enclaves", "facts", "failures", "feed", "format", "hour", "session", "status", "steps", "theme", "work"),
    ];

    private static readonly Lazy<FrozenDictionary<string, DashboardFile>> Loaded = new(() =>
        Names.Select(name => Load(name.Path, name.Resource, name.ContentType)).ToFrozenDictionary(file => file.Path));

    public static ImmutableArray<DashboardFile> All => Loaded.Value.Values;

    private static IEnumerable<(string, string, string)> Modules(params string[] names) => names.Select(name => ($"/dashboard/{name}.js", $"{name}.js", Script));

    private static DashboardFile Load(string path, string resource, string contentType)
    {
        using var stream = typeof(DashboardFiles).Assembly.GetManifestResourceStream($"dashboard/{resource}") ?? throw new InvalidOperationException($"{resource} is not part of this build.");
        var content = new byte[stream.Length];
        stream.ReadExactly(content);
        return new DashboardFile(path, contentType, content, $"\"{Convert.ToHexStringLower(SHA256.HashData(content))}\"");
    }
}
