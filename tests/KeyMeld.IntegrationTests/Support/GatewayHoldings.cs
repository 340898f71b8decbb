using System.Globalization;
using KeyMeld.DevKit.Stack;

namespace KeyMeld.IntegrationTests.Support;

/// <summary>Everything an attacker finds who owns the gateway's machine: its database files, its logs, and the memory of its process.</summary>
internal sealed class GatewayHoldings
{
    private readonly List<(string Where, byte[] Content)> pieces = [];

    public GatewayHoldings(DevelopmentStack stack)
    {
        foreach (var file in Directory.EnumerateFiles(stack.Layout.Data, "keymeld.db*").Where(file => !file.EndsWith(".lock", StringComparison.Ordinal)).Append(stack.Layout.Log("gateway")))
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            var content = new byte[stream.Length];
            stream.ReadExactly(content);
            pieces.Add((Path.GetFileName(file), content));
        }
        AddMemory(stack.Processes().Single(process => process.Name == "gateway").Id);
    }

    /// <summary>Bytes looked through.</summary>
    public long Size => pieces.Sum(piece => (long)piece.Content.Length);

    /// <summary>Where the bytes, or their hex in either case, or their base64, stand; empty when nowhere.</summary>
    public IReadOnlyList<string> Find(ReadOnlySpan<byte> needle)
    {
        List<string> found = [];
        byte[][] forms =
        [
            needle.ToArray(),
            .. new[] { Convert.ToHexStringLower(needle), Convert.ToHexString(needle), Convert.ToBase64String(needle) }.SelectMany(text => new[] { System.Text.Encoding.ASCII.GetBytes(text), System.Text.Encoding.Unicode.GetBytes(text) }),
        ];
        foreach (var (where, content) in pieces)
        {
            if (forms.Any(form => content.AsSpan().IndexOf(form) >= 0))
            {
                found.Add(where);
            }
        }
        return found;
    }

    private void AddMemory(int pid)
    {
        using var memory = new FileStream($"/proc/{pid}/mem", FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
        foreach (var line in File.ReadAllLines($"/proc/{pid}/maps").Where(line => line.Split(' ')[1].StartsWith("rw", StringComparison.Ordinal)))
        {
            var range = line.Split(' ')[0].Split('-').Select(part => long.Parse(part, NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToArray();
            AddRange(memory, range[0], range[1] - range[0]);
        }
    }

    private void AddRange(FileStream memory, long start, long length)
    {
        const int Chunk = 16 * 1024 * 1024;
        const int Overlap = 4096;
        for (var offset = 0L; offset < length; offset += Chunk - Overlap)
        {
            var content = new byte[Math.Min(Chunk, length - offset)];
            try
            {
                memory.Position = start + offset;
                var read = memory.ReadAtLeast(content, content.Length, throwOnEndOfStream: false);
                pieces.Add(($"memory at {start + offset:x}", content[..read]));
            }
            catch (IOException)
            {
                // Reserved but never touched: nothing is there.
                return;
            }
        }
    }
}
