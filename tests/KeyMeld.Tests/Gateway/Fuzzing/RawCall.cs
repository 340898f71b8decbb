using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace KeyMeld.Tests.Gateway.Fuzzing;

/// <summary>One call of HTTP/1.1 exactly as its bytes say, on a connection of its own; no client library corrects anything.</summary>
internal sealed record RawCall(string Method, string Target, IReadOnlyList<(string Name, string Value)> Headers, byte[] Body)
{
    public async Task<RawAnswer> SendAsync(Uri gateway, CancellationToken cancellationToken)
    {
        using var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(gateway.Host, gateway.Port, cancellationToken);
        var stream = client.GetStream();
        try
        {
            await stream.WriteAsync(Bytes(), cancellationToken);
        }
        catch (IOException)
        {
            // It answered and hung up before it had read everything.
        }
        return await RawAnswer.ReadAsync(stream, isHead: Method == "HEAD", cancellationToken);
    }

    public byte[] Bytes()
    {
        var head = new StringBuilder($"{Method} {Target} HTTP/1.1\r\n");
        foreach (var (name, value) in Headers)
        {
            head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
        }
        return [.. Encoding.Latin1.GetBytes(head.Append("\r\n").ToString()), .. Body];
    }

    /// <summary>To find out by hand what happened.</summary>
    public override string ToString() => Encoding.Latin1.GetString(Bytes()[..Math.Min(Bytes().Length, 4000)]);
}

internal sealed record RawAnswer(int Status, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    public string? MediaType => Headers.GetValueOrDefault("Content-Type")?.Split(';')[0];

    /// <summary>Reads an answer; of a stream of events its beginning.</summary>
    public static async Task<RawAnswer> ReadAsync(NetworkStream stream, bool isHead, CancellationToken cancellationToken)
    {
        var received = new MemoryStream();
        var buffer = new byte[256 * 1024];
        var wanted = 0L;
        while (true)
        {
            var count = await ReadSomeAsync(stream, buffer, cancellationToken);
            received.Write(buffer, 0, count);
            if (received.Length < wanted && count > 0)
            {
                continue;
            }
            wanted = isHead ? 0 : Wanted(received.GetBuffer().AsSpan(0, (int)received.Length));
            if (received.Length < wanted && count > 0)
            {
                continue;
            }
            if (Parse(received.ToArray(), isHead, isOver: count == 0) is { } answer)
            {
                return answer;
            }
            Assert.True(count > 0, $"The gateway hung up in the middle of an answer: {Encoding.Latin1.GetString(received.ToArray())}");
        }
    }

    // Head and body, where the head says how long that is; large bodies come in many pieces.
    private static long Wanted(ReadOnlySpan<byte> bytes)
    {
        var end = bytes.IndexOf("\r\n\r\n"u8);
        var head = end < 0 ? "" : Encoding.Latin1.GetString(bytes[..end]);
        var name = head.IndexOf("\r\nContent-Length: ", StringComparison.OrdinalIgnoreCase);
        return name < 0 ? 0 : end + 4 + int.Parse(head[(name + 18)..].Split('\r')[0], CultureInfo.InvariantCulture);
    }

    private static async Task<int> ReadSomeAsync(NetworkStream stream, byte[] buffer, CancellationToken cancellationToken)
    {
        try
        {
            return await stream.ReadAsync(buffer, cancellationToken);
        }
        catch (IOException)
        {
            return 0;
        }
    }

    private static RawAnswer? Parse(byte[] bytes, bool isHead, bool isOver)
    {
        var end = bytes.AsSpan().IndexOf("\r\n\r\n"u8);
        if (end < 0)
        {
            return null;
        }
        var lines = Encoding.Latin1.GetString(bytes, 0, end).Split("\r\n");
        var status = int.Parse(lines[0].Split(' ')[1], CultureInfo.InvariantCulture);
        if (status == 100)
        {
            return Parse(bytes[(end + 4)..], isHead, isOver);
        }
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var line in lines.Skip(1))
        {
            headers.Add(line[..line.IndexOf(':', StringComparison.Ordinal)], line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim());
        }
        var body = bytes[(end + 4)..];
        if (isHead || status is 204 or 304)
        {
            return new RawAnswer(status, headers, body);
        }
        if (headers.TryGetValue("Content-Length", out var length))
        {
            return body.Length >= int.Parse(length, CultureInfo.InvariantCulture) ? new RawAnswer(status, headers, body) : null;
        }
        if (headers.GetValueOrDefault("Content-Type") == "text/event-stream")
        {
            return body.AsSpan().IndexOf("\n\n"u8) >= 0 ? new RawAnswer(status, headers, []) : null;
        }
        if (headers.GetValueOrDefault("Transfer-Encoding") == "chunked")
        {
            return body.AsSpan().EndsWith("0\r\n\r\n"u8) ? new RawAnswer(status, headers, Unchunk(body)) : null;
        }
        return isOver ? new RawAnswer(status, headers, body) : null;
    }

    private static byte[] Unchunk(ReadOnlySpan<byte> chunked)
    {
        var body = new List<byte>();
        while (true)
        {
            var line = chunked.IndexOf("\r\n"u8);
            var size = int.Parse(Encoding.ASCII.GetString(chunked[..line]), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            if (size == 0)
            {
                return [.. body];
            }
            body.AddRange(chunked.Slice(line + 2, size));
            chunked = chunked[(line + 2 + size + 2)..];
        }
    }
}
