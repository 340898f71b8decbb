using System.Collections.Concurrent;
using System.Net.Sockets;
using KeyMeld.Protocol.Errors;
using KeyMeld.Wire.Transport;

namespace KeyMeld.Gateway.Forwarding;

/// <summary>
/// Carries enclaves' bytes to KMS. It sees TLS records only: the enclave checks whom it speaks to, so whoever has this program or the network can delay KMS, not be it.
/// </summary>
internal sealed partial class Forwarder(ForwarderSettings settings, TimeProvider time, ILogger<Forwarder> log) : IHostedService, IAsyncDisposable
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _stop = new();
    private readonly PeerRule _peers = new(settings.Cids);
    private readonly ConcurrentDictionary<Task, byte> _relays = new();
    private Socket? _listener;
    private Task _accepting = Task.CompletedTask;
    private int _open;

    /// <exception cref="KeyMeldException">configuration_invalid: it cannot listen there.</exception>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            _listener = LinkSocket.Listen(settings.Listen);
        }
        catch (IOException exception)
        {
            throw new KeyMeldException(ErrorCodes.ConfigurationInvalid, $"forwarder.listen: {exception.Message}", exception);
        }
        Listening(settings.Listen, settings.Target);
        _accepting = AcceptAsync(_listener);
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        _listener?.Dispose();
        await _accepting;
        await Task.WhenAll(_relays.Keys);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(CancellationToken.None);
        _stop.Dispose();
    }

    private async Task AcceptAsync(Socket listener)
    {
        while (!_stop.IsCancellationRequested)
        {
            Socket enclave;
            try
            {
                enclave = await listener.AcceptAsync(_stop.Token);
            }
            catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException exception)
            {
                // One connection broke before it was taken, or this process is out of descriptors for the moment.
                Broken(exception.Message);
                await Task.Delay(TimeSpan.FromMilliseconds(10), time);
                continue;
            }
            Admit(enclave);
        }
    }

    private void Admit(Socket enclave)
    {
        if (!_peers.Admits(enclave))
        {
            Refused(enclave.RemoteEndPoint?.ToString());
            enclave.Dispose();
        }
        else if (Interlocked.Increment(ref _open) > settings.Connections)
        {
            Interlocked.Decrement(ref _open);
            Full(settings.Connections);
            enclave.Dispose();
        }
        else
        {
            var relay = CarryAsync(enclave);
            _relays.TryAdd(relay, 0);
            _ = relay.ContinueWith(ended => _relays.TryRemove(ended, out _), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    private async Task CarryAsync(Socket enclave)
    {
        // The accept loop goes on at once.
        await Task.Yield();
        using (enclave)
        using (var kms = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true })
        {
            try
            {
                using (var patience = new CancellationTokenSource(ConnectTimeout, time))
                using (var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, _stop.Token))
                {
                    await kms.ConnectAsync(settings.Target.Host, settings.Target.Port, either.Token);
                }
                var end = await new Relay(enclave, kms, settings, time).RunAsync(_stop.Token);
                if (end is not RelayEnd.Closed)
                {
                    Ended(end);
                }
            }
            catch (Exception exception) when (exception is SocketException or OperationCanceledException)
            {
                NotReached(settings.Target, exception is SocketException ? exception.Message : "no answer in time");
            }
            finally
            {
                Interlocked.Decrement(ref _open);
            }
        }
    }

    [LoggerMessage(EventId = 501, EventName = "forwarder_listens", Level = LogLevel.Information, Message = "Forwarding {Listen} to {Target}.")]
    private partial void Listening(EnclaveAddress listen, ForwarderTarget target);

    [LoggerMessage(EventId = 502, EventName = "forwarder_refused", Level = LogLevel.Warning, Message = "The forwarder refused {Peer}: it is none of the configured enclaves.")]
    private partial void Refused(string? peer);

    [LoggerMessage(EventId = 503, EventName = "forwarder_full", Level = LogLevel.Warning, Message = "The forwarder has {Connections} connections open and takes no more.")]
    private partial void Full(int connections);

    [LoggerMessage(EventId = 504, EventName = "forwarder_accept_failed", Level = LogLevel.Warning, Message = "The forwarder could not take a connection: {Reason}")]
    private partial void Broken(string reason);

    [LoggerMessage(EventId = 505, EventName = "forwarder_target_failed", Level = LogLevel.Warning, Message = "The forwarder could not reach {Target}: {Reason}")]
    private partial void NotReached(ForwarderTarget target, string reason);

    [LoggerMessage(EventId = 506, EventName = "forwarder_ended", Level = LogLevel.Warning, Message = "The forwarder ended a connection: {End}.")]
    private partial void Ended(RelayEnd end);
}
