// EifIdentityInfo of aws-nitro-enclaves-image-format: nitro-cli refuses to describe an image whose metadata lacks a member.
using System.Text.Json;

namespace KeyMeld.Images.Eif;

/// <summary>The unmeasured description in an image, for people. Nothing in it depends on when or where it was built.</summary>
/// <param name="Name">Name of the image.</param>
/// <param name="Version">Its version.</param>
/// <param name="KernelVersion">The kernel's version, as its packager names it.</param>
public sealed record EifMetadata(string Name, string Version, string KernelVersion)
{
    /// <summary>The section's bytes.</summary>
    public byte[] ToBytes()
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("ImageName", Name);
            writer.WriteString("ImageVersion", Version);
            writer.WriteStartObject("BuildMetadata");
            writer.WriteString("BuildTime", "1970-01-01T00:00:00+00:00");
            writer.WriteString("BuildTool", "keymeld");
            writer.WriteString("BuildToolVersion", "1");
            writer.WriteString("OperatingSystem", "Linux");
            writer.WriteString(nameof(KernelVersion), KernelVersion);
            writer.WriteEndObject();
            writer.WriteStartObject("DockerInfo");
            writer.WriteEndObject();
            writer.WriteStartObject("CustomMetadata");
            writer.WriteEndObject();
            writer.WriteEndObject();
        }
        return buffer.ToArray();
    }
}
