using System.Buffers.Binary;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Grpc.Core;
using Grpc.Net.Client;
using KeyMeld.Protocol.Errors;
using KeyMeld.Tests.Enclave.Support;
using KeyMeld.Wire.Transport;
using static KeyMeld.Wire.V1.EnclaveStatus.Types;

namespace KeyMeld.Tests.Enclave.Processes;

/// <summary>Messages that are well formed and small for what they would become in memory, at the built program's socket.</summary>
public class HostileMessagesTests(ProcessFixture fixture) : IClassFixture<ProcessFixture>
{
    private const long MostMemory = 512L << 20;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    // What the largest message is filled with, over and over.
    private static readonly (string Service, string Method, byte[] Piece)[] s_pieces =
    [
        ("Enclave", "LoadGroup", [0x1a, 0x00]),                                  // envelopes, empty
        ("Enclave", "LoadGroup", [0x0a, 0x02, 0x0a, 0x00]),                      // the bundle's manifest, empty each time
        ("Enclave", "Open", [0x32, 0x02, 0x1a, 0x00]),                           // envelopes of the bundle of a call
        ("Enclave", "Combine", [0xf8, 0x07, 0x00]),                              // a field that nobody knows
        ("EnclaveExchange", "Exchange", [0x0a, 0x00]),                           // calls, empty
        ("EnclaveExchange", "Exchange", [0x0a, 0x04, 0x1a, 0x02, 0x2a, 0x00]),   // round blobs of calls
    ];

    [Fact]
    public async Task G13_messages_of_very_many_small_parts_are_refused_before_they_are_taken_apart()
    {
        var row = await fixture.RowAsync();
        await using var enclave = await fixture.Machine.StartProcessAsync();
        await enclave.StatusAsync();
        using var channel = EnclaveChannel.Open("unix:" + enclave.Socket);
        foreach (var (service, method, piece) in s_pieces)
        {
            var message = Filled(piece, service == "Enclave" ? WireLimits.MaxMessageBytes : WireLimits.MaxExchangeBytes);
            var refusals = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => EnclaveCaller.RefusalAsync(() => SendAsync(channel, service, method, message))));
            Assert.All(refusals, refusal => Assert.Equal(ErrorCodes.LimitExceeded, refusal.Code));
            Assert.InRange(enclave.PeakMemory(), 1, MostMemory);
        }
        Assert.Equal(State.Ready, (await enclave.ConfigureAsync(row)).State);
    }

    [Fact]
    public async Task G13_a_compressed_message_is_as_large_as_what_it_becomes()
    {
        var row = await fixture.RowAsync();
        await using var enclave = await fixture.Machine.StartProcessAsync();
        await enclave.StatusAsync();
        var squeezed = new MemoryStream();
        await using (var gzip = new GZipStream(squeezed, CompressionLevel.SmallestSize))
        {
            for (var mebibyte = 0; mebibyte < 2048; mebibyte++)
            {
                await gzip.WriteAsync(new byte[1 << 20], Cancellation);
            }
        }
        var message = squeezed.ToArray();
        Assert.InRange(message.Length, 1, WireLimits.MaxMessageBytes);
        using var client = new HttpClient(new SocketsHttpHandler { ConnectCallback = async (_, cancellation) => new NetworkStream(await LinkSocket.ConnectAsync(EnclaveAddress.Parse("unix:" + enclave.Socket), cancellation), ownsSocket: true) });
        var prefix = new byte[5];
        prefix[0] = 1;
        BinaryPrimitives.WriteInt32BigEndian(prefix.AsSpan(1), message.Length);
        using var request = new HttpRequestMessage(HttpMethod.Post, "http://enclave/keymeld.enclave.v1.Enclave/LoadGroup")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Headers = { { "te", "trailers" }, { "grpc-encoding", "gzip" } },
            Content = new ByteArrayContent([.. prefix, .. message]) { Headers = { ContentType = new MediaTypeHeaderValue("application/grpc") } },
        };
        using var response = await client.SendAsync(request, Cancellation);
        await response.Content.ReadAsByteArrayAsync(Cancellation);
        var status = response.Headers.Concat(response.TrailingHeaders).Single(header => header.Key == "grpc-status").Value.Single();
        Assert.Equal($"{(int)StatusCode.ResourceExhausted}", status);
        Assert.InRange(enclave.PeakMemory(), 1, MostMemory);
        Assert.Equal(State.Ready, (await enclave.ConfigureAsync(row)).State);
    }

    private static byte[] Filled(byte[] piece, int length)
    {
        var message = new byte[length / piece.Length * piece.Length];
        for (var at = 0; at < message.Length; at += piece.Length)
        {
            piece.CopyTo(message, at);
        }
        return message;
    }

    private static async Task SendAsync(GrpcChannel channel, string service, string method, byte[] message)
    {
        var marshaller = Marshallers.Create<byte[]>(bytes => bytes, bytes => bytes);
        var invoker = channel.CreateCallInvoker();
        if (service == "Enclave")
        {
            await invoker.AsyncUnaryCall(new Method<byte[], byte[]>(MethodType.Unary, "keymeld.enclave.v1." + service, method, marshaller, marshaller), null, default, message);
            return;
        }
        using var exchange = invoker.AsyncDuplexStreamingCall(new Method<byte[], byte[]>(MethodType.DuplexStreaming, "keymeld.enclave.v1." + service, method, marshaller, marshaller), null, default);
        // It may be refused while it is still being written.
        await Record.ExceptionAsync(() => exchange.RequestStream.WriteAsync(message, Cancellation));
        while (await exchange.ResponseStream.MoveNext(Cancellation))
        {
        }
    }
}
