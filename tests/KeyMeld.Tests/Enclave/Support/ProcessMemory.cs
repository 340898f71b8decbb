using System.Globalization;

namespace KeyMeld.Tests.Enclave.Support;

/// <summary>The writable memory of another process, with what the kernel says of each piece (proc(5), smaps).</summary>
internal static class ProcessMemory
{
    private const int Chunk = 4 * 1024 * 1024;

    /// <summary>Where the bytes stand: an address, and whether that memory is locked and left out of dumps.</summary>
    /// <exception cref="UnauthorizedAccessException">The process lets nobody look.</exception>
    public static IReadOnlyList<(long Address, bool IsProtected)> Find(int pid, byte[] needle)
    {
        var found = new List<(long, bool)>();
        using var memory = new FileStream($"/proc/{pid}/mem", FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
        foreach (var (start, end, isProtected) in Regions(pid))
        {
            found.AddRange(Search(memory, start, end, needle).Select(address => (address, isProtected)));
        }
        return found;
    }

    private static IEnumerable<(long Start, long End, bool IsProtected)> Regions(int pid)
    {
        (long Start, long End)? region = null;
        foreach (var line in File.ReadAllLines($"/proc/{pid}/smaps"))
        {
            if (line.StartsWith("VmFlags:", StringComparison.Ordinal))
            {
                var flags = line.Split(' ');
                if (region is var (start, end))
                {
                    yield return (start, end, flags.Contains("lo") && flags.Contains("dd"));
                }
            }
            else if (line.Split(' ') is [var range, { Length: 4 } rights, ..] && range.Contains('-', StringComparison.Ordinal))
            {
                var ends = range.Split('-').Select(part => long.Parse(part, NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToArray();
                region = rights.StartsWith("rw", StringComparison.Ordinal) ? (ends[0], ends[1]) : null;
            }
        }
    }

    private static List<long> Search(FileStream memory, long start, long end, byte[] needle)
    {
        var found = new List<long>();
        var buffer = new byte[Chunk];
        for (var at = start; at < end; at += Chunk - needle.Length)
        {
            int read;
            try
            {
                memory.Position = at;
                read = memory.ReadAtLeast(buffer.AsSpan(0, (int)Math.Min(Chunk, end - at)), 1, throwOnEndOfStream: false);
            }
            catch (IOException)
            {
                // Reserved and never touched.
                break;
            }
            for (int from = 0, hit; (hit = buffer.AsSpan(from, read - from).IndexOf(needle)) >= 0; from += hit + 1)
            {
                found.Add(at + from + hit);
            }
        }
        return found;
    }
}
