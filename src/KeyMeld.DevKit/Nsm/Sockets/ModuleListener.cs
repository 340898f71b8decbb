using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Security.Cryptography;
using KeyMeld.DevKit.Nsm.Certificates;
using KeyMeld.DevKit.Nsm.Device;

namespace KeyMeld.DevKit.Nsm.Sockets;

/// <summary>
/// The module of one enclave at its socket. A connection is a boot: what is on disk is measured when it begins, and registers 16 to 31 start at zero, so that
/// an enclave started from another build or configuration has other PCRs without the simulator being restarted.
/// </summary>
internal sealed class ModuleListener : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly SimulatedEnclave _enclave;
    private readonly ModuleSigner _signer;
    private readonly string _instanceId;
    private readonly TextWriter _log;
    private readonly Socket _socket;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<Task, bool> _connections = [];
    private readonly Task _accepting;

    public ModuleListener(SimulatedEnclave enclave, ModuleSigner signer, string instanceId, TextWriter log)
    {
        (_enclave, _signer, _instanceId, _log) = (enclave, signer, instanceId, log);
        _socket = PrivateSocket.Listen(enclave.SocketPath);
        _accepting = AcceptAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _accepting;
        await Task.WhenAll(_connections.Keys);
        _socket.Dispose();
        File.Delete(_enclave.SocketPath);
        _signer.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            try
            {
                var connection = await _socket.AcceptAsync(_stop.Token);
                var served = Task.Run(() => ServeAsync(connection));
                _connections.TryAdd(served, true);
                _ = served.ContinueWith(done => _connections.TryRemove(done, out _), TaskScheduler.Default);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (SocketException error)
            {
                // Out of file descriptors, most likely: it passes, and must not spin meanwhile.
                Log($"cannot accept a connection: {error.Message}");
                await Task.Delay(Pause);
            }
        }
    }

    private async Task ServeAsync(Socket connection)
    {
        using (connection)
        {
            try
            {
                await FrameConnection.ServeAsync(connection, Boot(), _stop.Token);
            }
            catch (Exception error) when (error is IOException or OperationCanceledException)
            {
                // The enclave went away in the middle of a request, or the simulator stops.
            }
            catch (CryptographicException error)
            {
                Log($"cannot sign: {error.Message}");
            }
        }
    }

    private Func<ReadOnlyMemory<byte>, byte[]> Boot()
    {
        try
        {
            var measurement = Measurement.Of(_enclave.BinaryFolder, _enclave.ConfigurationFile);
            return new SimulatedDevice(_signer, new RegisterBank(measurement, _instanceId)).Answer;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Log($"cannot be measured: {error.Message}");
            return _ => NsmResponse.Error("InternalError");
        }
    }

    private void Log(string message) => _log.WriteLine($"nsm: enclave {_enclave.Id}: {message}");
}
