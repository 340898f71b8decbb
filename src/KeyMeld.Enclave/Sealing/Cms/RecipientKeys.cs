using System.Threading.Channels;

namespace KeyMeld.Enclave.Sealing.Cms;

/// <summary>
/// RSA keys made ahead, because making one takes as long as everything else in a restart. Each is handed out once. One further key is made for each taken,
/// so that as many as a genesis or a restart with two epochs needs are ready.
/// </summary>
internal sealed class RecipientKeys : IAsyncDisposable
{
    private const int Ahead = 2;

    private readonly Func<RecipientKey> _make;
    private readonly Channel<RecipientKey> _ready = Channel.CreateBounded<RecipientKey>(Ahead);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _making;

    public RecipientKeys(Func<RecipientKey> make)
    {
        _make = make;
        _making = Task.Run(MakeAsync);
    }

    public ValueTask<RecipientKey> TakeAsync(CancellationToken cancellation) => _ready.Reader.ReadAsync(cancellation);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _making;
        _ready.Writer.TryComplete();
        while (_ready.Reader.TryRead(out var key))
        {
            key.Dispose();
        }
        _stop.Dispose();
    }

    private async Task MakeAsync()
    {
        try
        {
            while (await _ready.Writer.WaitToWriteAsync(_stop.Token))
            {
                var key = _make();
                if (!_ready.Writer.TryWrite(key))
                {
                    key.Dispose();
                }
            }
        }
        catch (OperationCanceledException)
        {
        }
        catch (Exception exception)
        {
            // Whoever waits for a key is told why there is none.
            _ready.Writer.TryComplete(exception);
        }
    }
}
