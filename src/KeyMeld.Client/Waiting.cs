using KeyMeld.Protocol.Errors;

namespace KeyMeld.Client;

/// <summary>Asks again and again until there is an answer, with the gateway holding each question back (Prefer: wait). Bounded by the caller's time and by failures in a row.</summary>
internal sealed class Waiting(TimeProvider time, TimeSpan? timeout)
{
    /// <summary>Seconds a gateway holds an answer back at most (protocol.md section 9).</summary>
    public const int LongestWait = 30;
    private const int FailuresInARow = 5;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);
    private readonly long _start = time.GetTimestamp();

    /// <summary>Asks until <paramref name="ask"/> gives something. It gets the seconds the gateway may wait, 0 when there is no time left.</summary>
    /// <exception cref="KeyMeldException"><c>still_pending</c>, or what <paramref name="ask"/> failed with for good.</exception>
    public async Task<T> UntilAsync<T>(Func<int, CancellationToken, Task<T?>> ask, CancellationToken cancellationToken)
        where T : class
    {
        for (var failures = 0; ;)
        {
            var asked = time.GetTimestamp();
            var wait = SecondsLeft();
            try
            {
                if (await ask(wait, cancellationToken).ConfigureAwait(false) is { } answer)
                {
                    return answer;
                }
                failures = 0;
            }
            catch (KeyMeldException error) when (GatewayRefusal.MayPass(error) && ++failures < FailuresInARow && wait > 0)
            {
            }
            if (SecondsLeft() == 0)
            {
                throw new KeyMeldException(ErrorCodes.StillPending, "It is not finished yet.");
            }
            // A gateway that does not hold the question back is not asked in a tight loop.
            if (time.GetElapsedTime(asked) < Pause)
            {
                await Task.Delay(Pause, time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private int SecondsLeft() => timeout is { } limit
        ? (int)Math.Clamp(Math.Ceiling((limit - time.GetElapsedTime(_start)).TotalSeconds), 0, LongestWait)
        : LongestWait;
}
