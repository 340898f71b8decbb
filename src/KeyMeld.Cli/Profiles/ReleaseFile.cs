using System.Text.Json;
using KeyMeld.Attestation;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Cli.Profiles;

/// <summary>
/// A release as <c>nitro-cli describe-eif</c> prints its measurements, with the KMS key beside them:
/// <c>{"Measurements": {"PCR0": "…", "PCR1": "…", "PCR2": "…"}, "KmsKeyArn": "arn:…"}</c>. It must come from somebody the user trusts, never from the gateway.
/// </summary>
internal static class ReleaseFile
{
    public static Release Read(string path)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            var measurements = document.RootElement.GetProperty("Measurements");
            return new Release(
                measurements.GetProperty("PCR0").GetString()!, measurements.GetProperty("PCR1").GetString()!, measurements.GetProperty("PCR2").GetString()!,
                document.RootElement.GetProperty("KmsKeyArn").GetString()!);
        }
        catch (Exception exception) when (exception is IOException or JsonException or KeyNotFoundException or InvalidOperationException or ArgumentException)
        {
            throw new KeyMeldException(ErrorCodes.ProfileInvalid, $"{path} is not a release: it needs Measurements with PCR0, PCR1, PCR2 and KmsKeyArn.", exception);
        }
    }
}
