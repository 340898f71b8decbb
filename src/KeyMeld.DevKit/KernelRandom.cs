namespace KeyMeld.DevKit;

/// <summary>Random bytes of the kernel: whatever the simulated module and the emulated KMS draw comes from here.</summary>
internal static class KernelRandom
{
    public static byte[] Bytes(int length)
    {
        var bytes = new byte[length];
        Fill(bytes);
        return bytes;
    }

    /// <summary>The same into memory that the caller wipes.</summary>
    public static void Fill(Span<byte> bytes)
    {
        using var source = new FileStream("/dev/urandom", FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
        source.ReadExactly(bytes);
    }
}
