namespace KeyMeld.DevKit.Kms.Keys;

/// <summary>Random bytes of the kernel. Whatever the emulator draws comes from here.</summary>
internal static class KernelRandom
{
    private const string Alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

    public static byte[] Bytes(int length)
    {
        var bytes = new byte[length];
        using var source = new FileStream("/dev/urandom", FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
        source.ReadExactly(bytes);
        return bytes;
    }

    public static string Base64(int length) => Convert.ToBase64String(Bytes(length));

    /// <summary>Letters and digits of an access key id, which AWS draws from the base32 alphabet.</summary>
    public static string UpperAlphanumeric(int length) => string.Concat(Bytes(length).Select(value => Alphanumeric[value % Alphanumeric.Length]));

    /// <summary>A random UUID in the form of key ids and request ids (RFC 9562 version 4).</summary>
    public static string Uuid()
    {
        var bytes = Bytes(16);
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x40);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new Guid(bytes, bigEndian: true).ToString("D");
    }
}
