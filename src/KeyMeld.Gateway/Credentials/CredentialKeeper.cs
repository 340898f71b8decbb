using KeyMeld.Protocol.Errors;
using KeyMeld.Wire.V1;

namespace KeyMeld.Gateway.Credentials;

/// <summary>
/// The AWS credentials the enclaves call KMS with: fixed ones, or an instance role's, fetched again before they end. They open nothing without attestation, and are never logged.
/// </summary>
internal sealed partial class CredentialKeeper : IAsyncDisposable
{
    // Somebody whose credentials were refused may ask at once, but not in a loop.
    private static readonly TimeSpan LeastBetween = TimeSpan.FromSeconds(5);

    private readonly Func<CancellationToken, Task<AwsCredentials>>? _fetch;
    private readonly TimeProvider _time;
    private readonly Func<double> _random;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _gate = new();
    private TaskCompletionSource _asked = NewSignal();
    private TaskCompletionSource _fetched = NewSignal();
    private Task _loop = Task.CompletedTask;
    private volatile AwsCredentials? _current;

    private CredentialKeeper(AwsCredentials? fixedOnes, Func<CancellationToken, Task<AwsCredentials>>? fetch, TimeProvider time, Func<double> random, ILogger logger) =>
        (_current, _fetch, _time, _random, _logger) = (fixedOnes, fetch, time, random, logger);

    /// <summary>The newest there are; null as long as none came.</summary>
    public AwsCredentials? Current => _current;

    /// <summary>Called with every set that differs from the one before.</summary>
    public event Action<AwsCredentials>? Changed;

    /// <summary>Credentials that stay.</summary>
    public static CredentialKeeper Of(AwsCredentials fixedOnes, ILogger logger) => new(fixedOnes, null, TimeProvider.System, () => 0, logger);

    /// <summary>Credentials that are fetched, the first ones as soon as it starts.</summary>
    /// <param name="fetch">Gets the present ones, or throws a <see cref="KeyMeldException"/>.</param>
    /// <param name="time">The clock.</param>
    /// <param name="random">From 0 to 1, for jitter.</param>
    /// <param name="logger">Is told of failures, never of credentials.</param>
    public static CredentialKeeper Fetched(Func<CancellationToken, Task<AwsCredentials>> fetch, TimeProvider time, Func<double> random, ILogger logger) =>
        new(null, fetch, time, random, logger);

    public void Start() => _loop = _fetch is null ? Task.CompletedTask : RunAsync(_fetch);

    /// <summary>AWS refused the present ones: others are fetched now, if there may be others.</summary>
    public void Suspect()
    {
        lock (_gate)
        {
            _asked.TrySetResult();
        }
    }

    /// <summary>As <see cref="Suspect"/>; waits for the outcome. True when there are others now than <paramref name="refused"/>.</summary>
    public async Task<bool> RefreshAsync(AwsCredentials? refused, CancellationToken cancellationToken)
    {
        if (_fetch is null)
        {
            return false;
        }
        Task fetched;
        lock (_gate)
        {
            fetched = _fetched.Task;
            _asked.TrySetResult();
        }
        if (ReferenceEquals(_current, refused))
        {
            await fetched.WaitAsync(cancellationToken);
        }
        return !ReferenceEquals(_current, refused);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _loop;
        _stopping.Dispose();
    }

    private async Task RunAsync(Func<CancellationToken, Task<AwsCredentials>> fetch)
    {
        var failures = 0;
        try
        {
            while (true)
            {
                TimeSpan pause;
                try
                {
                    Take(await fetch(_stopping.Token));
                    failures = 0;
                    pause = RefreshSchedule.AfterSuccess(DateTimeOffset.FromUnixTimeMilliseconds(_current!.ExpiresMs) - _time.GetUtcNow(), _random());
                }
                catch (KeyMeldException exception)
                {
                    failures++;
                    LogFailure(exception.Code, exception.Message, failures);
                    pause = RefreshSchedule.AfterFailure(failures, _random());
                }
                await PauseAsync(pause, NextRound());
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
        }
    }

    private async Task PauseAsync(TimeSpan pause, Task asked)
    {
        var least = pause < LeastBetween ? pause : LeastBetween;
        await Task.Delay(least, _time, _stopping.Token);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        await Task.WhenAny(asked, Task.Delay(pause - least, _time, over.Token));
        await over.CancelAsync();
        _stopping.Token.ThrowIfCancellationRequested();
    }

    private void Take(AwsCredentials fresh)
    {
        if (!fresh.Equals(_current))
        {
            _current = fresh;
            LogFresh(DateTimeOffset.FromUnixTimeMilliseconds(fresh.ExpiresMs));
            Changed?.Invoke(fresh);
        }
    }

    private Task NextRound()
    {
        lock (_gate)
        {
            (_asked, var fetched, _fetched) = (NewSignal(), _fetched, NewSignal());
            fetched.TrySetResult();
            return _asked.Task;
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    [LoggerMessage(EventId = 404, EventName = "credentials_fetched", Level = LogLevel.Information, Message = "New AWS credentials of the instance role, valid until {Expires:u}.")]
    private partial void LogFresh(DateTimeOffset expires);

    [LoggerMessage(EventId = 405, EventName = "credentials_not_fetched", Level = LogLevel.Warning, Message = "No AWS credentials of the instance role, {Code}: {Detail} Attempt {Failures}.")]
    private partial void LogFailure(string code, string detail, int failures);
}
