using System.Collections.Frozen;
using System.ComponentModel;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using KeyMeld.Gateway.Configuration;
using KeyMeld.Gateway.Connections;
using KeyMeld.Protocol.Errors;
using KeyMeld.Wire.Transport;

namespace KeyMeld.Gateway.Relaying;

/// <summary>
/// Hands connections of other hosts' gateways on to the enclaves of this one, and to nothing else. It carries bytes: enclaves trust nobody who calls, so whoever gets in can ask what any
/// gateway asks and take their time, no more. All the same nobody gets in without a certificate of the configured roots with a listed name.
/// </summary>
internal sealed partial class EnclaveRelay(GatewaySettings settings, TimeProvider time, ILogger<EnclaveRelay> log) : IHostedService, IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private const int Backlog = 128;

    private readonly RelaySettings _settings = settings.Relay!;
    private readonly FrozenDictionary<SslApplicationProtocol, EnclaveAddress> _enclaves = Own(settings);
    private AcceptLoop? _loop;

    /// <summary>Where it listens, with the port the system chose where the settings say 0.</summary>
    public IPEndPoint? Listening { get; private set; }

    /// <exception cref="KeyMeldException">configuration_invalid: it cannot listen there, or its certificate cannot be used.</exception>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        var server = _settings.Server!;
        var listener = new Socket(server.Listen.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            // Here already, so that an operator hears of it at the start.
            RelayTrust.Server(_settings, _enclaves.Keys);
            listener.Bind(server.Listen);
            listener.Listen(Backlog);
        }
        catch (Exception exception) when (exception is SocketException or CryptographicException or IOException or UnauthorizedAccessException)
        {
            listener.Dispose();
            throw new KeyMeldException(ErrorCodes.ConfigurationInvalid, $"relay: {exception.Message}", exception);
        }
        Listening = (IPEndPoint)listener.LocalEndPoint!;
        LogListening(Listening, _enclaves.Count);
        // Who a caller is shows only in its handshake.
        _loop = new AcceptLoop(listener, new AcceptRules(server.Connections, _ => true, ServeAsync, () => LogFull(server.Connections), reason => LogRefused("unknown", reason)), time);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => DisposeAsync().AsTask();

    public ValueTask DisposeAsync() => _loop?.DisposeAsync() ?? default;

    // What is relayed to this gateway is not handed on a second time.
    private static FrozenDictionary<SslApplicationProtocol, EnclaveAddress> Own(GatewaySettings settings) => settings.Enclaves
        .Select(enclave => (enclave.Id, IsOwn: EnclaveAddress.TryParse(enclave.Address, out var address), Address: address))
        .Where(enclave => enclave.IsOwn).ToFrozenDictionary(enclave => RelayAddress.ProtocolOf(enclave.Id), enclave => enclave.Address!);

    private async Task ServeAsync(Socket caller, CancellationToken stop)
    {
        var peer = "unknown";
        try
        {
            peer = caller.RemoteEndPoint?.ToString() ?? peer;
            caller.NoDelay = true;
            caller.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            await using var secure = new SslStream(new NetworkStream(caller, ownsSocket: true));
            using var enclave = await AdmitAsync(secure, stop);
            await CarryAsync(secure, enclave, stop);
        }
        catch (Exception exception) when (exception is AuthenticationException or CryptographicException or Win32Exception or IOException or SocketException or UnauthorizedAccessException)
        {
            LogRefused(peer, exception.Message);
        }
        catch (OperationCanceledException)
        {
            // It took too long, or the gateway stops.
        }
    }

    private async Task<NetworkStream> AdmitAsync(SslStream secure, CancellationToken stop)
    {
        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, stop);
        await secure.AuthenticateAsServerAsync(RelayTrust.Server(_settings, _enclaves.Keys), either.Token);
        var address = _enclaves.GetValueOrDefault(secure.NegotiatedApplicationProtocol) ?? throw new AuthenticationException("The caller names no enclave of this host.");
        return new NetworkStream(await LinkSocket.ConnectAsync(address, either.Token), ownsSocket: true);
    }

    /// <summary>Until either side ends: gRPC has no use for half a connection. HTTP/2's own pings notice a side that is silently gone.</summary>
    private static async Task CarryAsync(Stream caller, Stream enclave, CancellationToken stop)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stop);
        Task[] directions = [caller.CopyToAsync(enclave, over.Token), enclave.CopyToAsync(caller, over.Token)];
        await Task.WhenAny(directions);
        await over.CancelAsync();
        await Task.WhenAll(directions).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    [LoggerMessage(EventId = 511, EventName = "relay_listens", Level = LogLevel.Information, Message = "Relaying from {Listen} to {Enclaves} enclaves of this host.")]
    private partial void LogListening(EndPoint listen, int enclaves);

    [LoggerMessage(EventId = 512, EventName = "relay_refused", Level = LogLevel.Warning, Message = "The relay refused {Peer}: {Reason}")]
    private partial void LogRefused(string peer, string reason);

    [LoggerMessage(EventId = 513, EventName = "relay_full", Level = LogLevel.Warning, Message = "The relay has {Connections} connections open and takes no more.")]
    private partial void LogFull(int connections);
}
