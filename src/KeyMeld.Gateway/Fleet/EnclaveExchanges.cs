using Grpc.Core;
using KeyMeld.Protocol.Errors;
using KeyMeld.Wire.Transport;
using KeyMeld.Wire.V1;

namespace KeyMeld.Gateway.Fleet;

/// <summary>The exchange with one enclave, opened with the first call and again after it ended.</summary>
internal sealed class EnclaveExchanges(EnclaveExchange.EnclaveExchangeClient client, TimeProvider time) : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private EnclaveExchangeLine? _line;
    private bool _disposed;

    /// <summary>Whether a call travels in the exchange; larger ones are made on their own, so that they hold nobody up.</summary>
    public static bool Takes(ExchangeCall call) => call.CalculateSize() <= WireLimits.MaxExchangedCallBytes;

    /// <summary>Makes one call.</summary>
    /// <exception cref="KeyMeldException">enclave_unreachable: the connection ended, or there was no answer in time; then the line is given up, since nothing else may come on it either.</exception>
    public async Task<ExchangeAnswer> CallAsync(ExchangeCall call, TimeSpan deadline, CancellationToken cancellationToken)
    {
        var line = Line();
        using var over = new CancellationTokenSource(deadline, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(over.Token, cancellationToken);
        try
        {
            return await line.CallAsync(call, either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            line.End(new RpcException(new Status(StatusCode.DeadlineExceeded, "no answer in time")));
            throw new KeyMeldException(ErrorCodes.EnclaveUnreachable, $"The enclave did not answer ({StatusCode.DeadlineExceeded}).");
        }
    }

    public async ValueTask DisposeAsync()
    {
        EnclaveExchangeLine? line;
        lock (_gate)
        {
            (line, _disposed) = (_line, true);
        }
        if (line is not null)
        {
            await line.DisposeAsync();
        }
    }

    private EnclaveExchangeLine Line()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _line is { IsOver: false } line ? line : _line = new EnclaveExchangeLine(client);
        }
    }
}
