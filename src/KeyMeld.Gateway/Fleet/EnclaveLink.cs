using Grpc.Net.Client;
using KeyMeld.Gateway.Configuration;
using KeyMeld.Gateway.Credentials;
using KeyMeld.Gateway.Relaying;
using KeyMeld.Gateway.Storage;
using KeyMeld.Gateway.Telemetry;
using KeyMeld.Protocol.Errors;
using KeyMeld.Wire.V1;

namespace KeyMeld.Gateway.Fleet;

/// <summary>
/// One enclave: its channel and the loop that keeps it configured. The loop sleeps while the enclave is ready, and is woken by a connection that closed or a call that failed;
/// it asks at short intervals only while the enclave is away, and every ten seconds what the enclave has counted.
/// </summary>
internal sealed partial class EnclaveLink : IAsyncDisposable
{
    private static readonly TimeSpan FirstProbe = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LastProbe = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LastRetry = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Refresh = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RowLook = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FirstLook = TimeSpan.FromSeconds(2);

    private readonly GrpcChannel _channel;
    private readonly EnclaveExchanges _exchanges;
    private readonly EnclaveSetup _setup;
    private readonly GatewayTelemetry _telemetry;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Action<EnclaveView> _publish;
    private readonly CredentialKeeper _credentials;
    private readonly CancellationTokenSource _stopping = new();
    private readonly SemaphoreSlim _wake = new(0, 1);
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource _looked = NewSignal();
    private TaskCompletionSource _changed = NewSignal();
    private Task _loop = Task.CompletedTask;
    private volatile EnclaveView _view;
    private long _looksBegun;
    private long _looksDone;

    public EnclaveLink(EnclaveSettings enclave, GatewaySettings settings, CredentialKeeper credentials, ISealedKeyStore store, GatewayTelemetry telemetry, TimeProvider time, ILogger logger, Action<EnclaveView> publish)
    {
        Id = enclave.Id;
        _channel = RelayConnection.Open(enclave, settings.Relay, Suspect);
        _exchanges = new EnclaveExchanges(new EnclaveExchange.EnclaveExchangeClient(_channel), time);
        Calls = new EnclaveCalls(Id, new Enclave.EnclaveClient(_channel), _exchanges, telemetry, Suspect);
        // The loop's own calls wake nobody: it sees what they say.
        _setup = new EnclaveSetup(Id, new EnclaveCalls(Id, new Enclave.EnclaveClient(_channel), _exchanges, telemetry, () => { }), store, settings, credentials);
        _view = new EnclaveView(Id, new EnclaveCondition.Unreachable(), null);
        (_telemetry, _time, _logger, _publish, _credentials) = (telemetry, time, logger, publish, credentials);
    }

    public uint Id { get; }

    public EnclaveCalls Calls { get; }

    public EnclaveView View => _view;

    public void Start() => _loop = RunAsync();

    /// <summary>Something failed that a look at the enclave explains.</summary>
    public void Suspect()
    {
        lock (_gate)
        {
            if (_wake.CurrentCount == 0 && !_stopping.IsCancellationRequested)
            {
                _wake.Release();
            }
        }
    }

    /// <summary>Hands new credentials over. An enclave that does not take them now gets them with its next Configure.</summary>
    public void Push(AwsCredentials fresh) => _ = PushAsync(fresh);

    /// <summary>
    /// Returns once the enclave was looked at, or after two seconds: who calls a gateway that has just started is not told that an enclave does not answer which nobody has asked yet.
    /// </summary>
    public Task WhenLookedAtAsync(CancellationToken cancellationToken) =>
        _looked.Task.IsCompleted ? Task.CompletedTask : Task.WhenAny(_looked.Task, Task.Delay(FirstLook, _time, cancellationToken)).Unwrap();

    /// <summary>Returns as soon as the enclave is ready, for all that is known.</summary>
    public Task WhenReadyAsync(CancellationToken cancellationToken) => WhenReadyAsync(0, cancellationToken);

    /// <summary>Returns as soon as a look at the enclave that began only now says that it is ready. For who just saw it fail.</summary>
    public Task WhenReadyAgainAsync(CancellationToken cancellationToken)
    {
        var look = Interlocked.Read(ref _looksBegun) + 1;
        Suspect();
        return WhenReadyAsync(look, cancellationToken);
    }

    /// <summary>Refuses where the enclave cannot work now.</summary>
    /// <exception cref="KeyMeldException">enclave_unreachable, enclave_locked or kms_config_mismatch.</exception>
    public EnclaveCalls RequireReady() => _view.Condition switch
    {
        EnclaveCondition.Ready => Calls,
        EnclaveCondition.Locked { Code: ErrorCodes.KmsConfigMismatch } locked => throw new KeyMeldException(locked.Code, $"Enclave {Id} is not used: {locked.Detail}."),
        EnclaveCondition.Locked locked => throw new KeyMeldException(ErrorCodes.EnclaveLocked, $"Enclave {Id} is locked: {locked.Code}."),
        _ => throw new KeyMeldException(ErrorCodes.EnclaveUnreachable, $"Enclave {Id} does not answer."),
    };

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _loop;
        await _exchanges.DisposeAsync();
        _channel.Dispose();
        _wake.Dispose();
        _stopping.Dispose();
    }

    private async Task PushAsync(AwsCredentials fresh)
    {
        try
        {
            await Calls.PushCredentialsAsync(fresh, _stopping.Token);
            Suspect();
        }
        catch (KeyMeldException exception)
        {
            LogNotPushed(Id, exception.Code);
        }
        catch (OperationCanceledException)
        {
            // The gateway stops.
        }
    }

    private async Task WhenReadyAsync(long look, CancellationToken cancellationToken)
    {
        while (true)
        {
            var next = Volatile.Read(ref _changed).Task;
            if (Interlocked.Read(ref _looksDone) >= look && _view.IsReady)
            {
                return;
            }
            await next.WaitAsync(cancellationToken);
        }
    }

    private async Task RunAsync()
    {
        var same = 0;
        try
        {
            while (true)
            {
                Interlocked.Increment(ref _looksBegun);
                var now = await LookAsync();
                same = now.Condition == _view.Condition ? same + 1 : 0;
                Publish(now);
                if (now.Condition is EnclaveCondition.Locked { Code: ErrorCodes.KmsCredentialsInvalid })
                {
                    _credentials.Suspect();
                }
                await SleepAsync(now.Condition, same);
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
        }
    }

    private async Task<EnclaveView> LookAsync()
    {
        try
        {
            return await _setup.RunAsync(_stopping.Token);
        }
        catch (KeyMeldException exception) when (exception.Code == ErrorCodes.EnclaveUnreachable)
        {
            return _view with { Condition = new EnclaveCondition.Unreachable() };
        }
        catch (KeyMeldException exception)
        {
            return _view with { Condition = new EnclaveCondition.Locked(exception.Code, exception.Message, exception.AwsCode) };
        }
    }

    private Task SleepAsync(EnclaveCondition condition, int same) => condition switch
    {
        EnclaveCondition.Unreachable => Task.Delay(Backoff(FirstProbe, LastProbe, same), _time, _stopping.Token),
        EnclaveCondition.Locked locked when ErrorCodes.Get(locked.Code).Retryable => WakeOrAsync(Backoff(FirstRetry, LastRetry, same)),
        // Repeating the same call would not help: an operator repairs the rows, or the enclave restarts, and then its connection closes.
        EnclaveCondition.Locked => RepairedAsync(),
        // What it counted is asked for from time to time, for metrics.
        _ => WakeOrAsync(Refresh),
    };

    private async Task RepairedAsync()
    {
        while (!await WakeOrAsync(RowLook) && !await _setup.RowsChangedAsync())
        {
        }
    }

    /// <summary>True when it was woken, false when the time was over.</summary>
    private async Task<bool> WakeOrAsync(TimeSpan delay)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        var woken = _wake.WaitAsync(over.Token);
        var first = await Task.WhenAny(woken, Task.Delay(delay, _time, over.Token));
        await over.CancelAsync();
        _stopping.Token.ThrowIfCancellationRequested();
        return first == woken;
    }

    private static TimeSpan Backoff(TimeSpan first, TimeSpan last, int same) => TimeSpan.FromTicks(Math.Min(last.Ticks, first.Ticks << Math.Min(same, 16)));

    private void Publish(EnclaveView now)
    {
        if (now.Condition != _view.Condition)
        {
            LogCondition(Id, now.Condition.Word, now.Condition.Reason ?? "none", (now.Condition as EnclaveCondition.Locked)?.Detail ?? "");
            _telemetry.EnclaveChanged(Id, now.Condition);
        }
        _view = now;
        Interlocked.Exchange(ref _looksDone, Interlocked.Read(ref _looksBegun));
        _publish(now);
        Interlocked.Exchange(ref _changed, NewSignal()).TrySetResult();
        _looked.TrySetResult();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    [LoggerMessage(EventId = 402, EventName = "credentials_not_taken", Level = LogLevel.Warning, Message = "Enclave {Id} did not take the new credentials ({Code}); it gets them when it is configured next.")]
    private partial void LogNotPushed(uint id, string code);

    [LoggerMessage(EventId = 401, EventName = "enclave_condition", Level = LogLevel.Information, Message = "Enclave {Id} is {Word}, reason {Reason}. {Detail}")]
    private partial void LogCondition(uint id, string word, string reason, string detail);
}
