using KeyMeld.Attestation;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Cli.Profiles;

/// <summary>
/// A release in a file, in one of two forms. A signed manifest (docs/releases.md) with its signature in FILE.sig; or, to be had from somebody the user trusts, what
/// <c>nitro-cli describe-eif</c> prints with the KMS key beside it: <c>{"Measurements": {"PCR0": "…", "PCR1": "…", "PCR2": "…"}, "KmsKeyArn": "arn:…"}</c>.
/// Neither ever comes from the gateway.
/// </summary>
internal static class ReleaseFile
{
    /// <summary>Reads a release.</summary>
    /// <param name="path">The file.</param>
    /// <param name="releaser">With a releaser's key only what it signed is accepted; without one the file itself is what the user trusts.</param>
    /// <exception cref="KeyMeldException"><c>release_invalid</c> or <c>profile_invalid</c>, saying what is wrong.</exception>
    public static Release Read(string path, ReleaserKey? releaser = null) =>
        releaser is not null ? ReadSigned(path, releaser).Release : ReadPlain(path);

    /// <summary>Reads a manifest and verifies its signature, which lies in FILE.sig.</summary>
    /// <exception cref="KeyMeldException"><c>release_invalid</c>: it is not signed by the releaser, or is no manifest.</exception>
    public static ReleaseManifest ReadSigned(string path, ReleaserKey releaser) => Guard(path, () =>
        new SignedRelease(SmallFile.Read(path, ReleaseManifest.MaxSize), SmallFile.Read(SignaturePath(path), ReleaserKey.MaxSignatureSize)).Verify(releaser));

    /// <summary>Reads a manifest without looking at its signature.</summary>
    /// <exception cref="KeyMeldException"><c>release_invalid</c>: it is no manifest.</exception>
    public static ReleaseManifest ReadUnverified(string path) => Guard(path, () => ReleaseManifest.Parse(SmallFile.Read(path, ReleaseManifest.MaxSize)));

    /// <summary>Reads a releaser's public key.</summary>
    /// <exception cref="KeyMeldException"><c>release_invalid</c>: it is none.</exception>
    public static ReleaserKey ReadReleaser(string path) =>
        Guard(path, () => ReleaserKey.FromPem(System.Text.Encoding.ASCII.GetString(SmallFile.Read(path, ReleaseManifest.MaxSize))));

    /// <summary>Where the signature of a manifest lies.</summary>
    public static string SignaturePath(string path) => path + ".sig";

    private static Release ReadPlain(string path)
    {
        try
        {
            var bytes = SmallFile.Read(path, ReleaseManifest.MaxSize);
            return DescribedRelease.IsManifest(bytes) ? Guard(path, () => ReleaseManifest.Parse(bytes)).Release : DescribedRelease.Parse(bytes);
        }
        catch (Exception exception) when (exception is IOException or ReleaseException)
        {
            throw new KeyMeldException(ErrorCodes.ProfileInvalid, $"{path} is not a release: it needs Measurements with PCR0, PCR1, PCR2 and KmsKeyArn.", exception);
        }
    }

    private static T Guard<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception exception) when (exception is ReleaseException or IOException or UnauthorizedAccessException)
        {
            throw new KeyMeldException(ErrorCodes.ReleaseInvalid, $"{path}: {exception.Message}", exception);
        }
    }
}
