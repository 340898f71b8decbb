using System.Net.Sockets;
using KeyMeld.Gateway.Connections;
using KeyMeld.Protocol.Errors;
using KeyMeld.Wire.Transport;

namespace KeyMeld.Gateway.Forwarding;

/// <summary>
/// Carries enclaves' bytes to KMS. It sees TLS records only: the enclave checks whom it speaks to, so whoever has this program or the network can delay KMS, not be it.
/// </summary>
internal sealed partial class Forwarder(ForwarderSettings settings, TimeProvider time, ILogger<Forwarder> log) : IHostedService, IAsyncDisposable
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    private readonly PeerRule _peers = new(settings.Cids);
    private AcceptLoop? _loop;

    /// <exception cref="KeyMeldException">configuration_invalid: it cannot listen there.</exception>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        Socket listener;
        try
        {
            listener = LinkSocket.Listen(settings.Listen);
        }
        catch (IOException exception)
        {
            throw new KeyMeldException(ErrorCodes.ConfigurationInvalid, $"forwarder.listen: {exception.Message}", exception);
        }
        Listening(settings.Listen, settings.Target);
        _loop = new AcceptLoop(listener, new AcceptRules(settings.Connections, Admits, CarryAsync, () => Full(settings.Connections), Broken), time);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => DisposeAsync().AsTask();

    public ValueTask DisposeAsync() => _loop?.DisposeAsync() ?? default;

    private bool Admits(Socket enclave)
    {
        if (!_peers.Admits(enclave))
        {
            Refused(enclave.RemoteEndPoint?.ToString());
            return false;
        }
        return true;
    }

    private async Task CarryAsync(Socket enclave, CancellationToken stop)
    {
        using var kms = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            using (var patience = new CancellationTokenSource(ConnectTimeout, time))
            using (var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, stop))
            {
                await kms.ConnectAsync(settings.Target.Host, settings.Target.Port, either.Token);
            }
            var end = await new Relay(enclave, kms, settings, time).RunAsync(stop);
            if (end is not RelayEnd.Closed)
            {
                Ended(end);
            }
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException)
        {
            NotReached(settings.Target, exception is SocketException ? exception.Message : "no answer in time");
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
