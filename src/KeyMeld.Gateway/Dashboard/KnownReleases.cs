using System.Collections.Immutable;
using KeyMeld.Attestation;
using KeyMeld.Gateway.Configuration;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Gateway.Dashboard;

/// <param name="Name">The manifest's version, or the file's name where it has none.</param>
internal sealed record KnownRelease(string Name, Release Release);

/// <summary>
/// What the operator was given to compare the enclaves with. For display: nothing is refused for it, since clients do not rely on what a gateway says; they verify for themselves.
/// </summary>
internal sealed class KnownReleases
{
    private KnownReleases(AttestationRoot? root, ImmutableArray<KnownRelease> releases) => (Root, Releases) = (root, releases);

    /// <summary>Where documents have to end; null in development without a root of its own.</summary>
    public AttestationRoot? Root { get; }

    public ImmutableArray<KnownRelease> Releases { get; }

    /// <exception cref="KeyMeldException">configuration_invalid: a file is missing, is no release, or is not signed by the releaser.</exception>
    public static KnownReleases Load(GatewaySettings settings)
    {
        var attestation = settings.Attestation;
        var root = settings.Production ? AttestationRoot.AwsNitroG1
            : attestation.DevelopmentRoot is { } file ? Guard("attestation.development_root", file, () => AttestationRoot.DevelopmentFromPemFile(file))
            : null;
        var releaser = attestation.Releaser is { } key ? Guard("attestation.releaser", key, () => ReleaserKey.FromPem(File.ReadAllText(key))) : null;
        return new KnownReleases(root, [.. attestation.Releases.Select(path => Guard("attestation.releases", path, () => Read(path, releaser)))]);
    }

    public string? NameOf(Pcrs pcrs, string kmsKeyArn, string configurationDigest) =>
        Releases.FirstOrDefault(known => known.Release.Matches(pcrs, kmsKeyArn, configurationDigest))?.Name;

    private static KnownRelease Read(string path, ReleaserKey? releaser)
    {
        var bytes = File.ReadAllBytes(path);
        if (releaser is not null)
        {
            var signed = new SignedRelease(bytes, File.ReadAllBytes(path + ".sig")).Verify(releaser);
            return new KnownRelease(signed.Version, signed.Release);
        }
        return DescribedRelease.IsManifest(bytes) && ReleaseManifest.Parse(bytes) is { } manifest
            ? new KnownRelease(manifest.Version, manifest.Release)
            : new KnownRelease(Path.GetFileNameWithoutExtension(path), DescribedRelease.Parse(bytes));
    }

    private static T Guard<T>(string setting, string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ReleaseException or ArgumentException or System.Security.Cryptography.CryptographicException)
        {
            throw new KeyMeldException(ErrorCodes.ConfigurationInvalid, $"{setting}: {path}: {exception.Message}", exception);
        }
    }
}
