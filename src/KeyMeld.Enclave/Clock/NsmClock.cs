// Protocol section 2: enclave time is the NSM attestation timestamp, refreshed at least every 60 s and advanced by the monotonic clock.
using System.Diagnostics.CodeAnalysis;
using KeyMeld.Enclave.Nsm;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Enclave.Clock;

/// <summary>Enclave time from the enclave's own Nitro Secure Module.</summary>
/// <param name="nsm">The module; its documents are not verified here, because they come from the device and not over a wire.</param>
/// <param name="time">Only its monotonic clock and its timers are used.</param>
public sealed class NsmClock(NsmClient nsm, TimeProvider time) : EnclaveClock
{
    /// <summary>How old a reading may be. The background refresh comes twice as often.</summary>
    public static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(60);

    // Attested time never runs backwards; this much is rounding.
    private const long BackwardsToleranceMs = 1_000;

    private readonly Lock _gate = new();
    private Reading? _reading;

    public override long NowMs
    {
        get
        {
            var reading = Volatile.Read(ref _reading);
            if (!IsFresh(reading))
            {
                lock (_gate)
                {
                    reading = IsFresh(_reading) ? _reading : Read();
                }
            }
            return reading.AttestedMs + (long)Age(reading).TotalMilliseconds;
        }
    }

    /// <summary>Keeps the reading fresh until cancelled, so that callers rarely wait for the module. Failures show at the next use.</summary>
    public async Task KeepFreshAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(MaxAge / 2, time);
        while (await timer.WaitForNextTickAsync(cancellation))
        {
            try
            {
                lock (_gate)
                {
                    Read();
                }
            }
            catch (KeyMeldException)
            {
                // Whoever asks for the time after MaxAge is told.
            }
        }
    }

    private Reading Read()
    {
        // Counted from before the question: a slow answer can make the clock fast by its own delay, never late.
        var before = time.GetTimestamp();
        long attested;
        try
        {
            attested = AttestationTimestamp.Read(nsm.Attest(null, null, null));
        }
        catch (NsmException exception)
        {
            throw new KeyMeldException(ErrorCodes.AttestationUnavailable, "The enclave's time is unknown: " + exception.Message, exception);
        }
        if (_reading is { } last && attested < last.AttestedMs - BackwardsToleranceMs)
        {
            throw new KeyMeldException(ErrorCodes.ClockSkewed, "The attested time ran backwards; nothing is decided until it has caught up.");
        }
        var reading = new Reading(attested, before);
        Volatile.Write(ref _reading, reading);
        return reading;
    }

    private bool IsFresh([NotNullWhen(true)] Reading? reading) => reading is not null && Age(reading) < MaxAge;

    private TimeSpan Age(Reading reading) => time.GetElapsedTime(reading.Monotonic);

    private sealed record Reading(long AttestedMs, long Monotonic);
}
