using System.Globalization;
using System.Text.Json;

namespace KeyMeld.Attestation;

/// <summary>
/// What a releaser says of one build: version, PCR0-2, KMS key, digest of the enclave's configuration, time. It is JSON for people and tools, signed as the exact
/// bytes of the file, with the signature beside it (<see cref="ReleaserKey"/>). Strict: no unknown, missing or repeated member, since what is signed is what is meant.
/// </summary>
public sealed record ReleaseManifest
{
    /// <summary>The largest manifest, in bytes.</summary>
    public const int MaxSize = 16 * 1024;

    /// <summary>The value of <c>Type</c>: what keeps a signature over something else from being taken for one over a manifest.</summary>
    public const string Type = "keymeld-release/1";

    private const string TimeForm = "yyyy-MM-dd'T'HH:mm:ss'Z'";
    private const int MaxVersion = 64;

    /// <summary>States a release.</summary>
    /// <param name="version">1 to 64 of letters, digits, <c>.</c>, <c>+</c>, <c>-</c>.</param>
    /// <param name="created">When it was made, in whole seconds.</param>
    /// <param name="release">The build, with the digest of its configuration.</param>
    /// <exception cref="ReleaseException">A value is not of that form.</exception>
    public ReleaseManifest(string version, DateTimeOffset created, Release release)
    {
        if (version.Length is 0 or > MaxVersion || !version.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '+' or '-'))
        {
            throw new ReleaseException($"A release's version has 1 to {MaxVersion} letters, digits, dots, plus and minus signs.");
        }
        if (created.Ticks % TimeSpan.TicksPerSecond != 0)
        {
            throw new ReleaseException("A release's time has whole seconds.");
        }
        (Version, Created, Release) = (version, created.ToUniversalTime(), release);
        ConfigurationDigest = release.ConfigurationDigest ?? throw new ReleaseException("A manifest states the digest of the enclave's configuration.");
    }

    /// <summary>The releaser's name for the build.</summary>
    public string Version { get; }

    /// <summary>When the manifest was made, UTC.</summary>
    public DateTimeOffset Created { get; }

    /// <summary>What to trust.</summary>
    public Release Release { get; }

    /// <summary>SHA-256 of the enclave's configuration file, 64 lower-case hex digits.</summary>
    public string ConfigurationDigest { get; }

    /// <summary>Reads a manifest whose signature nobody checked.</summary>
    /// <param name="json">The file.</param>
    /// <exception cref="ReleaseException">It is not a manifest, states a zero register, or an alias instead of a key ARN.</exception>
    public static ReleaseManifest Parse(ReadOnlyMemory<byte> json)
    {
        if (json.Length > MaxSize)
        {
            throw new ReleaseException($"A release manifest has at most {MaxSize} bytes.");
        }
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 3 });
            var root = document.RootElement;
            RequireMembers(root, "Type", "Version", "Created", "Measurements", "KmsKeyArn", "ConfigurationDigest");
            var measurements = root.GetProperty("Measurements");
            RequireMembers(measurements, "HashAlgorithm", "PCR0", "PCR1", "PCR2");
            if (Text(root, "Type") != Type || Text(measurements, "HashAlgorithm") != PcrMath.HashAlgorithm)
            {
                throw new ReleaseException($"A release manifest's Type is {Type} and its HashAlgorithm {PcrMath.HashAlgorithm}.");
            }
            var release = new Release(Text(measurements, "PCR0"), Text(measurements, "PCR1"), Text(measurements, "PCR2"), Text(root, "KmsKeyArn"))
            {
                ConfigurationDigest = Text(root, "ConfigurationDigest"),
            };
            return new ReleaseManifest(Text(root, "Version"), Time(Text(root, "Created")), release);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or ArgumentException)
        {
            throw new ReleaseException($"The release manifest is not well-formed: {error.Message}", error);
        }
    }

    /// <summary>Verifies the releaser's signature, then reads the manifest.</summary>
    /// <param name="json">The file's exact bytes.</param>
    /// <param name="signature">The bytes of the signature file.</param>
    /// <param name="releaser">Whom the caller trusts to release builds; never from the gateway.</param>
    /// <exception cref="ReleaseException">The signature is not the releaser's over these bytes, or they are not a manifest.</exception>
    public static ReleaseManifest Verify(ReadOnlyMemory<byte> json, ReadOnlySpan<byte> signature, ReleaserKey releaser) =>
        json.Length <= MaxSize && releaser.Verifies(json.Span, signature)
            ? Parse(json)
            : throw new ReleaseException("The release manifest is not signed by the releaser.");

    /// <summary>The manifest's bytes, equal for equal manifests; these are what is signed.</summary>
    public byte[] ToBytes()
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true, NewLine = "\n", Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            writer.WriteStartObject();
            writer.WriteString("Type", Type);
            writer.WriteString(nameof(Version), Version);
            writer.WriteString(nameof(Created), Created.ToString(TimeForm, CultureInfo.InvariantCulture));
            writer.WriteStartObject("Measurements");
            writer.WriteString("HashAlgorithm", PcrMath.HashAlgorithm);
            writer.WriteString("PCR0", Release.Pcr0);
            writer.WriteString("PCR1", Release.Pcr1);
            writer.WriteString("PCR2", Release.Pcr2);
            writer.WriteEndObject();
            writer.WriteString("KmsKeyArn", Release.KmsKeyArn);
            writer.WriteString(nameof(ConfigurationDigest), ConfigurationDigest);
            writer.WriteEndObject();
        }
        buffer.WriteByte((byte)'\n');
        return buffer.ToArray();
    }

    private static void RequireMembers(JsonElement element, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(name, out _))
            {
                throw new ReleaseException($"The release manifest lacks {name}.");
            }
        }
        if (element.GetPropertyCount() != names.Length)
        {
            throw new ReleaseException("The release manifest has a member that this version does not know.");
        }
    }

    private static string Text(JsonElement element, string name) => element.GetProperty(name) is { ValueKind: JsonValueKind.String } text
        ? text.GetString()!
        : throw new ReleaseException($"The release manifest's {name} is not a text.");

    private static DateTimeOffset Time(string text) =>
        DateTimeOffset.TryParseExact(text, TimeForm, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : throw new ReleaseException("The release manifest's Created is not of the form 2026-11-26T04:00:00Z.");
}
