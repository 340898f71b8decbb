using System.Buffers.Binary;
using System.Net.Sockets;
using KeyMeld.DevKit.Nsm.Device;

namespace KeyMeld.DevKit.Nsm.Sockets;

/// <summary>One connection: frames of a 32-bit big-endian length and that many bytes of CBOR; each request gets one answer, in order.</summary>
internal static class FrameConnection
{
    public static async Task ServeAsync(Socket socket, Func<ReadOnlyMemory<byte>, byte[]> answer, CancellationToken stopped)
    {
        await using var stream = new NetworkStream(socket, ownsSocket: false);
        var header = new byte[sizeof(uint)];
        var request = new byte[NsmRequest.MaxSize];
        while (await stream.ReadAtLeastAsync(header, header.Length, throwOnEndOfStream: false, stopped) == header.Length)
        {
            var length = BinaryPrimitives.ReadUInt32BigEndian(header);
            if (length > NsmRequest.MaxSize)
            {
                // The driver takes no such request. Its bytes are not read, so the connection ends with the answer.
                await SendAsync(stream, NsmResponse.Error("InputTooLarge"), stopped);
                return;
            }
            var body = request.AsMemory(0, (int)length);
            await stream.ReadExactlyAsync(body, stopped);
            await SendAsync(stream, answer(body), stopped);
        }
    }

    private static async Task SendAsync(NetworkStream stream, byte[] response, CancellationToken stopped)
    {
        var frame = new byte[sizeof(uint) + response.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, response.Length);
        response.CopyTo(frame, sizeof(uint));
        await stream.WriteAsync(frame, stopped);
    }
}
