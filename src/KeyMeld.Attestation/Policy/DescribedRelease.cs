using System.Text.Json;

namespace KeyMeld.Attestation;

/// <summary>
/// A release as people write it down from what <c>nitro-cli describe-eif</c> prints, with the KMS key beside it:
/// <c>{"Measurements": {"PCR0": "…", "PCR1": "…", "PCR2": "…"}, "KmsKeyArn": "arn:…"}</c>. Nobody signed it: it is worth as much as the place it comes from.
/// </summary>
public static class DescribedRelease
{
    /// <summary>Whether a file states a type, as a <see cref="ReleaseManifest"/> does and this form does not.</summary>
    /// <param name="json">The file.</param>
    /// <exception cref="ReleaseException">It is not JSON.</exception>
    public static bool IsManifest(ReadOnlyMemory<byte> json) => Guard(() =>
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.TryGetProperty("Type", out _);
    });

    /// <summary>Reads it.</summary>
    /// <param name="json">The file.</param>
    /// <exception cref="ReleaseException">It is not of that form.</exception>
    public static Release Parse(ReadOnlyMemory<byte> json) => Guard(() =>
    {
        using var document = JsonDocument.Parse(json);
        var measurements = document.RootElement.GetProperty("Measurements");
        return new Release(Text(measurements, "PCR0"), Text(measurements, "PCR1"), Text(measurements, "PCR2"), Text(document.RootElement, "KmsKeyArn"));
    });

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString() ?? "";

    private static T Guard<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or ArgumentException)
        {
            throw new ReleaseException("It is not a release: it needs Measurements with PCR0, PCR1, PCR2 and KmsKeyArn.", exception);
        }
    }
}
