using System.Diagnostics;
using KeyMeld.Gateway.Signing.Rounds;
using KeyMeld.Gateway.Storage;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Gateway.Telemetry;

/// <summary>Takes the time of one signing: of each step as it is left, and of the whole. Told by one thread at a time, read by any.</summary>
internal sealed class StepClock(GatewayTelemetry telemetry)
{
    private readonly long _began = telemetry.Time.GetTimestamp();
    private SigningStep? _step;
    private SigningStep? _last;
    private long _since;
    private Activity? _span;
    private long _enclave = -1;

    /// <summary>For a request, or the approval that completes it, that just came in.</summary>
    public static StepClock Accepting(GatewayTelemetry telemetry)
    {
        var clock = new StepClock(telemetry);
        clock.Enter(SigningStep.Accept);
        return clock;
    }

    /// <summary>Its rounds begin: they are one span of a trace until what this returns is disposed of.</summary>
    public IDisposable? Trace(Hash32 request) => _span = GatewayTraces.Signing(request);

    /// <summary>The machine of its rounds stands here now.</summary>
    public void Enter(RoundState state) => Enter(SigningSteps.Of(state));

    /// <summary>Its outcome is being written down.</summary>
    public void EnterPersist() => Enter(SigningStep.Persist);

    /// <summary>An enclave refused something of it.</summary>
    public void RefusedBy(uint enclave) => Interlocked.Exchange(ref _enclave, enclave);

    /// <summary>The outcome is on disk.</summary>
    public void Ended(Hash32 request, SigningOutcome outcome, int attempts)
    {
        var stood = _last;
        Enter((SigningStep?)null);
        _span.End(outcome, attempts);
        var enclave = Interlocked.Read(ref _enclave);
        telemetry.SigningEnded(request, outcome, telemetry.Time.GetElapsedTime(_began), attempts, stood, enclave < 0 ? null : (uint)enclave);
    }

    private void Enter(SigningStep? step)
    {
        if (step == _step)
        {
            return;
        }
        var now = telemetry.Time.GetTimestamp();
        if (_step is { } left)
        {
            var took = telemetry.Time.GetElapsedTime(_since, now);
            telemetry.StepTook(left, took);
            if (_span is { IsAllDataRequested: true } span)
            {
                GatewayTraces.Step(span.Context, left, telemetry.Time.GetUtcNow() - took, telemetry.Time.GetUtcNow());
            }
        }
        // Failures are told by the step of the rounds they happened at.
        _last = step is null or SigningStep.Accept or SigningStep.Persist ? _last : step;
        (_step, _since) = (step, now);
    }
}
