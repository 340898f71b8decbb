using System.Buffers.Binary;
using System.Diagnostics;
using System.Net.Sockets;
using KeyMeld.Tests.Enclave.Support;
using static KeyMeld.Wire.V1.EnclaveStatus.Types;

namespace KeyMeld.Tests.Enclave.Processes;

/// <summary>Bytes that are no call, at the built program's socket.</summary>
public class HostileBytesTests(ProcessFixture fixture) : IClassFixture<ProcessFixture>
{
    private const int Connections = 300;
    private const long MoreMemory = 256L << 20;

    [Fact]
    public async Task G13_garbage_broken_frames_and_promises_of_endless_messages_cost_little_and_harm_nobody()
    {
        var row = await fixture.RowAsync();
        var enclave = await fixture.Machine.StartProcessAsync();
        await enclave.StatusAsync();
        var before = Resident(enclave);
        var random = new Random(13);
        for (var number = 0; number < Connections; number++)
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(enclave.Socket), TestContext.Current.CancellationToken);
            try
            {
                foreach (var piece in Pieces(number % 4, random))
                {
                    await socket.SendAsync(piece, TestContext.Current.CancellationToken);
                }
            }
            catch (SocketException)
            {
                // It hung up in the middle, as it may.
            }
        }
        Assert.InRange(Resident(enclave), 0, before + MoreMemory);
        Assert.Equal(State.Ready, (await enclave.ConfigureAsync(row)).State);
    }

    private static IEnumerable<byte[]> Pieces(int kind, Random random)
    {
        var noise = new byte[random.Next(1, 20_000)];
        random.NextBytes(noise);
        byte[] preface = [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8];
        return kind switch
        {
            0 => [noise],
            1 => [preface, noise],
            // Frames of every type with the right lengths and nothing sensible in them.
            2 => [preface, Frame(4, 0, 0, []), .. Enumerable.Range(0, 200).Select(_ => Frame((byte)random.Next(0, 12), (byte)random.Next(256), random.Next(0, 9), noise[..Math.Min(noise.Length, random.Next(0, 500))]))],
            // The headers of a call (HPACK literals) and the promise of a message of four gigabytes, of which a part comes.
            _ =>
            [
                preface, Frame(4, 0, 0, []), Frame(1, 4, 1, Headers()),
                .. Enumerable.Range(0, 30).Select(part => Frame(0, 0, 1, part == 0 ? [0, 0xff, 0xff, 0xff, 0xff] : new byte[16_000])),
            ],
        };
    }

    private static byte[] Frame(byte type, byte flags, int stream, byte[] payload)
    {
        var frame = new byte[9 + payload.Length];
        (frame[0], frame[1], frame[2], frame[3], frame[4]) = ((byte)(payload.Length >> 16), (byte)(payload.Length >> 8 & 0xff), (byte)(payload.Length & 0xff), type, flags);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        payload.CopyTo(frame, 9);
        return frame;
    }

    private static byte[] Headers()
    {
        static byte[] Literal(string name, string value) => [0, (byte)name.Length, .. System.Text.Encoding.ASCII.GetBytes(name), (byte)value.Length, .. System.Text.Encoding.ASCII.GetBytes(value)];
        return
        [
            .. Literal(":method", "POST"), .. Literal(":scheme", "http"), .. Literal(":path", "/keymeld.enclave.v1.Enclave/Configure"), .. Literal(":authority", "enclave"),
            .. Literal("content-type", "application/grpc"), .. Literal("te", "trailers"),
        ];
    }

    private static long Resident(EnclaveProcess enclave)
    {
        using var process = Process.GetProcessById(enclave.Id);
        return process.WorkingSet64;
    }
}
