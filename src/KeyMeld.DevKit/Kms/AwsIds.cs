namespace KeyMeld.DevKit.Kms;

/// <summary>Random names and secrets in the forms AWS gives them.</summary>
internal static class AwsIds
{
    private const string Base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    private const int SecretBytes = 30;
    private const int TokenBytes = 96;

    /// <summary>`AKIA…` for a user's own key, `ASIA…` for a temporary one, and sixteen characters.</summary>
    public static string AccessKeyId(string prefix) => prefix + string.Concat(KernelRandom.Bytes(16).Select(value => Base32[value % Base32.Length]));

    /// <summary>Forty characters of base64.</summary>
    public static string SecretAccessKey() => Convert.ToBase64String(KernelRandom.Bytes(SecretBytes));

    public static string SessionToken() => Convert.ToBase64String(KernelRandom.Bytes(TokenBytes));

    /// <summary>A random UUID (RFC 9562 version 4), as key ids and request ids are.</summary>
    public static string Uuid()
    {
        var bytes = KernelRandom.Bytes(16);
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x40);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new Guid(bytes, bigEndian: true).ToString("D");
    }
}
