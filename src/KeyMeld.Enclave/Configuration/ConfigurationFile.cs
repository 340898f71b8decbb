using System.Text;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Wire.Transport.Vsock;

namespace KeyMeld.Enclave.Configuration;

/// <summary>Reads the measured file strictly: unknown or repeated keys, wrong types and contradictions are all reported at once.</summary>
public static class ConfigurationFile
{
    private const int MaxBytes = 64 * 1024;

    /// <exception cref="ConfigurationException">Something is wrong; it lists everything.</exception>
    public static EnclaveConfiguration Read(string path)
    {
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException([$"The configuration file {path} cannot be read: {exception.Message}"]);
        }
        return Parse(bytes);
    }

    /// <exception cref="ConfigurationException">Something is wrong; it lists everything.</exception>
    public static EnclaveConfiguration Parse(ReadOnlySpan<byte> file)
    {
        if (file.Length > MaxBytes)
        {
            throw new ConfigurationException([$"The configuration file is larger than {MaxBytes} bytes."]);
        }
        var errors = new List<string>();
        var root = new YamlSection(YamlTree.Parse(Decode(file), errors), "", errors, "mode", "kms", "limits", "parent_cid");
        if (!root.Present)
        {
            throw new ConfigurationException(errors);
        }
        var mode = ReadMode(root);
        var kms = KmsSection.Read(root.Section("kms", KmsSection.Members), mode ?? EnclaveMode.Production);
        var limits = root.Section("limits", "memory_bytes");
        var memory = limits.Number("memory_bytes", 16L << 20, 1L << 40) ?? LimitsConfiguration.DefaultMemoryBytes;
        var parent = ReadParent(root, mode);
        if (errors.Count > 0)
        {
            throw new ConfigurationException(errors);
        }
        return new EnclaveConfiguration(mode!.Value, kms!, new LimitsConfiguration { MemoryBytes = memory }) { Digest = Hash32.Sha256(file), ParentCid = parent };
    }

    private static string Decode(ReadOnlySpan<byte> file)
    {
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(file);
        }
        catch (ArgumentException)
        {
            throw new ConfigurationException(["The configuration file is not UTF-8."]);
        }
    }

    private static uint ReadParent(YamlSection root, EnclaveMode? mode)
    {
        var cid = root.Number("parent_cid", 0, uint.MaxValue - 1);
        if (cid is not null && mode is EnclaveMode.Production)
        {
            root.Complain("parent_cid", "is for development only: in production an enclave's parent is 3.");
        }
        return (uint?)cid ?? VsockEndPoint.ParentCid;
    }

    private static EnclaveMode? ReadMode(YamlSection root)
    {
        switch (root.Text("mode"))
        {
            case "production":
                return EnclaveMode.Production;
            case "development":
                return EnclaveMode.Development;
            case null:
                return null;
            default:
                root.Complain("mode", "must be production or development.");
                return null;
        }
    }
}
