using System.Collections.Immutable;
using System.Threading.Channels;
using KeyMeld.Gateway.Operations;
using KeyMeld.Gateway.Signing.Rounds;
using KeyMeld.Gateway.Telemetry;
using KeyMeld.Protocol.Errors;
using KeyMeld.Wire.V1;

namespace KeyMeld.Gateway.Signing;

/// <summary>
/// Drives one signing: takes what happened from its own queue, asks <see cref="RoundMachine"/> what follows, and does that. Nothing here decides, and nothing ticks.
/// </summary>
internal sealed class SigningRun : IDisposable
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(60);

    private readonly SigningJob _job;
    private readonly RoundNodes _nodes;
    private readonly SigningCalls _calls;
    private readonly SigningTurns _turns;
    private readonly TimeProvider _time;
    private readonly StepClock _clock;
    private readonly SigningAttempts _attempts;
    private readonly Action _changed;
    private readonly CancellationTokenSource _over;
    private readonly CancellationToken _token;
    private readonly Channel<RoundInput> _inputs = Channel.CreateBounded<RoundInput>(new BoundedChannelOptions(256) { SingleReader = true });
    private IDisposable? _turn;
    private volatile bool _isLost;

    /// <param name="shared">Whether other gateways may sign for the same group.</param>
    /// <param name="clock">Is told where the signing stands.</param>
    /// <param name="attempts">Reserves attempts, durably.</param>
    /// <param name="changed">Called after every step of the machine.</param>
    public SigningRun(
        SigningJob job, bool shared, SigningCalls calls, SigningTurns turns, TimeProvider time, StepClock clock, SigningAttempts attempts, Action changed, CancellationToken stopping)
    {
        _nodes = job.Count with { OneByOne = shared };
        (_job, _calls, _turns, _time, _clock, _attempts, _changed) = (job, calls, turns, time, clock, attempts, changed);
        _over = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        _token = _over.Token;
    }

    public SigningJob Job => _job;

    /// <summary>The attempt it is at, for those who ask.</summary>
    public int Attempt { get; private set; }

    /// <summary>Where the machine stands, for those who ask.</summary>
    public RoundState State
    {
        get => Volatile.Read(ref field);
        private set => Volatile.Write(ref field, value);
    } = new RoundState.Reserving(0);

    /// <summary>The state that other gateways were shown last.</summary>
    public RoundState? Shown { get; set; }

    /// <returns>Where it stands still for good; null when it was stopped before.</returns>
    /// <param name="attempts">How many an earlier run reserved; 0 where this is the first, with attempt 1 reserved for it.</param>
    public async Task<RoundState?> RunAsync(int attempts)
    {
        try
        {
            Attempt = Math.Max(1, attempts);
            var (state, effects) = attempts == 0 ? RoundMachine.Begin(_nodes) : RoundMachine.Resume(attempts, _nodes);
            State = state;
            _clock.Enter(state);
            Perform(state, effects);
            while (!state.IsOver)
            {
                var input = await _inputs.Reader.ReadAsync(_token);
                (state, effects) = RoundMachine.Transition(state, input, _nodes);
                State = state;
                _clock.Enter(state);
                if (state.IsIdle)
                {
                    ReleaseTurn();
                }
                _changed();
                Perform(state, effects);
            }
            return state;
        }
        catch (OperationCanceledException) when (_token.IsCancellationRequested)
        {
            return _isLost ? new RoundState.Lost() : null;
        }
        finally
        {
            await _over.CancelAsync();
            ReleaseTurn();
        }
    }

    /// <summary>A member at home sent this, validly signed.</summary>
    /// <param name="place">Its place among the nodes.</param>
    public ValueTask TellAsync(int place, RoundBlob blob, CancellationToken cancellationToken) => _inputs.Writer.WriteAsync(new RoundInput.FromHome(place, blob), cancellationToken);

    public void Expire() => _inputs.Writer.TryWrite(new RoundInput.Expired());

    /// <summary>The signing ended in the database: whatever is under way is given up.</summary>
    public void Stop()
    {
        try
        {
            _over.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It ended by itself meanwhile.
        }
    }

    /// <summary>Another gateway drives the signing now: whatever is under way is given up, and nothing is taken from that one.</summary>
    public void Lose()
    {
        _isLost = true;
        Stop();
    }

    public void Dispose() => _over.Dispose();

    private void Perform(RoundState state, ImmutableArray<RoundEffect> effects)
    {
        foreach (var effect in effects)
        {
            _ = PerformAsync(state, effect);
        }
    }

    private async Task PerformAsync(RoundState state, RoundEffect effect)
    {
        try
        {
            var input = effect switch
            {
                RoundEffect.Reserve reserve => await ReserveAsync(reserve),
                RoundEffect.Adopt adopt => await AdoptAsync(adopt.Attempt),
                RoundEffect.TakeTurn turn => await TakeTurnAsync(turn.Attempt),
                RoundEffect.Call call => await CallAsync(call.What, state),
                RoundEffect.Park => await ParkAsync(),
                RoundEffect.Grace => await GraceAsync(),
                _ => throw new InvalidOperationException(effect.GetType().Name),
            };
            await _inputs.Writer.WriteAsync(input, _token);
        }
        catch (OperationCanceledException) when (_token.IsCancellationRequested)
        {
        }
        catch (Exception exception)
        {
            // The loop ends with it: the database still has the signing as running, and its deadline or the next start takes it up.
            _inputs.Writer.TryComplete(exception);
        }
    }

    private async Task<RoundInput> ReserveAsync(RoundEffect.Reserve reserve)
    {
        if (reserve.Pause > 0)
        {
            await Task.Delay(Backoff.After(reserve.Pause), _time, _token);
        }
        if (reserve.Turn)
        {
            await TakeTurnAsync();
        }
        else if (!reserve.Written)
        {
            await _calls.ForgetAsync(_token);
            ReleaseTurn();
        }
        if (!reserve.Written && !await Persistence.PersistAsync(() => _attempts.ReserveAsync(reserve.Attempt - 1), _time, _token))
        {
            return new RoundInput.NotReserved();
        }
        Attempt = reserve.Attempt;
        return new RoundInput.Reserved(reserve.Attempt);
    }

    private async Task<RoundInput> AdoptAsync(int attempt) => await Persistence.PersistAsync(() => _attempts.AdoptAsync(attempt), _time, _token)
        ? new RoundInput.Reserved(attempt)
        : new RoundInput.NotReserved();

    private async Task<RoundInput> TakeTurnAsync(int attempt)
    {
        await TakeTurnAsync();
        return new RoundInput.Turned(attempt);
    }

    private async Task TakeTurnAsync()
    {
        if (_turn is null)
        {
            _turn = await _turns.TakeAsync(_job.Group.Hash, _job.By, _token);
            ReleaseTurnIfOver();
        }
    }

    private async Task<RoundInput> CallAsync(RoundCall call, RoundState state)
    {
        try
        {
            return new RoundInput.Answered(call, await _calls.MakeAsync(call, state, _token));
        }
        catch (KeyMeldException refusal)
        {
            if (NodeOf(call) is { } node)
            {
                _clock.RefusedBy(_job.NumberOf(_job.Nodes[node]));
            }
            return new RoundInput.Refused(call, refusal.Code, refusal.Message);
        }
    }

    // Which enclave combines is chosen anew each time.
    private static int? NodeOf(RoundCall call) => call switch
    {
        RoundCall.Open open => open.Node,
        RoundCall.Sign sign => sign.Node,
        _ => null,
    };

    private async Task<RoundInput> ParkAsync()
    {
        await _calls.ForgetAsync(_token);
        await _calls.WhenNodesReadyAsync(_token);
        return new RoundInput.Back();
    }

    private async Task<RoundInput> GraceAsync()
    {
        await Task.Delay(Grace, _time, _token);
        return new RoundInput.Overdue();
    }

    // Whoever stops the run releases the turn that is there; one that comes only then is released here.
    private void ReleaseTurnIfOver()
    {
        if (_token.IsCancellationRequested)
        {
            ReleaseTurn();
            _token.ThrowIfCancellationRequested();
        }
    }

    private void ReleaseTurn() => Interlocked.Exchange(ref _turn, null)?.Dispose();
}
