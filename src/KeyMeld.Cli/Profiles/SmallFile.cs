namespace KeyMeld.Cli.Profiles;

/// <summary>Files of a known small size, read without trusting the size they have.</summary>
internal static class SmallFile
{
    /// <summary>Reads a file whole.</summary>
    /// <param name="path">The file.</param>
    /// <param name="most">The most bytes it may have.</param>
    /// <exception cref="IOException">It cannot be read or is larger.</exception>
    public static byte[] Read(string path, int most)
    {
        using var file = File.OpenRead(path);
        var buffer = new byte[most + 1];
        var length = file.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        return length <= most ? buffer[..length] : throw new IOException($"{path} has more than {most} bytes.");
    }
}
