// The simulator's socket: the device's CBOR in frames of a 32-bit big-endian length, one answer for each request.
using System.Buffers.Binary;
using System.Net.Sockets;
using KeyMeld.Enclave.Nsm.Messages;

namespace KeyMeld.Enclave.Nsm;

/// <summary>The development NSM simulator at a unix socket. Connects with the first request and again after a break.</summary>
public sealed class NsmSocket(string path) : INsm, IDisposable
{
    // The device itself takes up to two minutes; the simulator measures the program before its first answer, on slow machines slowly.
    private const int TimeoutMilliseconds = 60_000;

    private readonly Lock _gate = new();
    private Socket? _socket;

    public byte[] Exchange(ReadOnlySpan<byte> request)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(request.Length, NsmRequest.MaxBytes);
        lock (_gate)
        {
            while (true)
            {
                // A connection that lay idle may have died with an earlier simulator: asking is repeatable, so once more on a new one is sound.
                var reused = _socket is not null;
                try
                {
                    return Ask(request);
                }
                catch (Exception exception) when (exception is SocketException or EndOfStreamException)
                {
                    Drop();
                    if (!reused)
                    {
                        throw new NsmException(NsmFailure.Unreachable, "The NSM simulator does not answer; is it running?", exception);
                    }
                }
                catch (NsmException)
                {
                    Drop();
                    throw;
                }
            }
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            Drop();
        }
    }

    private byte[] Ask(ReadOnlySpan<byte> request)
    {
        _socket ??= Connect();
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, request.Length);
        SendAll(length);
        SendAll(request);
        ReceiveAll(length);
        var size = BinaryPrimitives.ReadUInt32BigEndian(length);
        if (size is 0 or > NsmResponse.MaxBytes)
        {
            throw new NsmException(NsmFailure.Malformed, "The NSM simulator announced an answer of impossible size.");
        }
        var response = new byte[size];
        ReceiveAll(response);
        return response;
    }

    private Socket Connect()
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { SendTimeout = TimeoutMilliseconds, ReceiveTimeout = TimeoutMilliseconds };
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private void SendAll(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            bytes = bytes[_socket!.Send(bytes)..];
        }
    }

    private void ReceiveAll(Span<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            var read = _socket!.Receive(bytes);
            bytes = read > 0 ? bytes[read..] : throw new EndOfStreamException();
        }
    }

    private void Drop()
    {
        _socket?.Dispose();
        _socket = null;
    }
}
