using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using KeyMeld.Attestation;
using KeyMeld.Cli.Output;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Cli.Profiles;

/// <summary>
/// Where a profile's gateway is and which enclaves it trusts, as its owner said: never what the gateway says. Kept beside the profile, so that it is given once.
/// </summary>
internal sealed record Connection(Uri Gateway, string? DevelopmentRoot, IReadOnlyList<string> Releases, string? Releaser = null)
{
    private const string FileName = "connection.json";

    public static Connection? Load(string folder)
    {
        var path = Path.Combine(folder, FileName);
        if (!File.Exists(path))
        {
            return null;
        }
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            var root = document.RootElement;
            return new Connection(
                new Uri(root.GetProperty("gateway").GetString()!),
                root.TryGetProperty("development_root", out var development) ? development.GetString() : null,
                [.. root.GetProperty("releases").EnumerateArray().Select(release => release.GetString()!)],
                root.TryGetProperty("releaser", out var releaser) ? releaser.GetString() : null);
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or UriFormatException or ArgumentNullException)
        {
            throw new KeyMeldException(ErrorCodes.ProfileInvalid, $"{path} is damaged: delete it and give --gateway and --insecure-development or --release again.", exception);
        }
    }

    public void Save(string folder) => File.WriteAllText(Path.Combine(folder, FileName), JsonLine.Of(json =>
    {
        json.WriteString("gateway", Gateway.ToString());
        if (DevelopmentRoot is not null)
        {
            json.WriteString("development_root", DevelopmentRoot);
        }
        if (Releaser is not null)
        {
            json.WriteString("releaser", Releaser);
        }
        json.WriteStartArray("releases");
        foreach (var release in Releases)
        {
            json.WriteStringValue(release);
        }
        json.WriteEndArray();
    }));

    /// <summary>The policy to verify enclaves with.</summary>
    public AttestationPolicy Policy()
    {
        if (DevelopmentRoot is not null)
        {
            return new AttestationPolicy.Development(ReadCertificate(DevelopmentRoot));
        }
        var releaser = Releaser is null ? null : ReleaseFile.ReadReleaser(Releaser);
        return new AttestationPolicy.Production([.. Releases.Select(release => ReleaseFile.Read(release, releaser))]);
    }

    private static X509Certificate2 ReadCertificate(string path)
    {
        try
        {
            return X509CertificateLoader.LoadCertificateFromFile(path);
        }
        catch (Exception exception) when (exception is IOException or System.Security.Cryptography.CryptographicException)
        {
            throw new KeyMeldException(ErrorCodes.ProfileInvalid, $"{path} is not a root certificate: `keymeld up` prints where its own lies.", exception);
        }
    }
}
