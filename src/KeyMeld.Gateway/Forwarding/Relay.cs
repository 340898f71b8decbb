using System.Net.Sockets;

namespace KeyMeld.Gateway.Forwarding;

/// <summary>How a relayed connection ended.</summary>
internal enum RelayEnd
{
    /// <summary>Both sides were done.</summary>
    Closed,

    /// <summary>One side broke off.</summary>
    Broken,

    /// <summary>Nothing was carried for too long.</summary>
    Idle,

    /// <summary>More was carried than a connection may.</summary>
    TooMuch,
}

/// <summary>Two sockets, each one's bytes to the other. The end of one direction is passed on and leaves the other direction open (a half-closed connection).</summary>
internal sealed class Relay(Socket enclave, Socket kms, ForwarderSettings settings, TimeProvider time)
{
    private const int BufferBytes = 16 * 1024;

    private long _carried;

    /// <summary>Runs until both directions have ended. The sockets stay the caller's.</summary>
    public async Task<RelayEnd> RunAsync(CancellationToken cancellation)
    {
        using var idle = new CancellationTokenSource(settings.Idle, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(idle.Token, cancellation);
        var there = CopyAsync(enclave, kms, idle, stop);
        var back = CopyAsync(kms, enclave, idle, stop);
        RelayEnd[] ends = [await there, await back];
        return ends.FirstOrDefault(end => end is RelayEnd.TooMuch, ends.Max());
    }

    private async Task<RelayEnd> CopyAsync(Socket from, Socket to, CancellationTokenSource idle, CancellationTokenSource stop)
    {
        var buffer = new byte[BufferBytes];
        try
        {
            while (await from.ReceiveAsync(buffer, stop.Token) is > 0 and var read)
            {
                idle.CancelAfter(settings.Idle);
                if (Interlocked.Add(ref _carried, read) > settings.BytesPerConnection)
                {
                    await stop.CancelAsync();
                    return RelayEnd.TooMuch;
                }
                // A stream socket may take less than it is given.
                for (var rest = buffer.AsMemory(0, read); rest.Length > 0;)
                {
                    rest = rest[await to.SendAsync(rest, stop.Token)..];
                }
            }
            to.Shutdown(SocketShutdown.Send);
            return RelayEnd.Closed;
        }
        catch (OperationCanceledException)
        {
            return idle.IsCancellationRequested ? RelayEnd.Idle : RelayEnd.Broken;
        }
        catch (SocketException)
        {
            // One direction broke: the other one has nobody to speak to.
            await stop.CancelAsync();
            return RelayEnd.Broken;
        }
    }
}
