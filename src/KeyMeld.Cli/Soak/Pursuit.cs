using KeyMeld.Client;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Cli.Soak;

/// <summary>
/// Follows one signing until it has ended, whatever happens to whom it is asked of: asks how it stands, and posts the same bytes again only where the gateway has never said that it has it. What the gateway has once
/// shown to have, it must never not know again.
/// </summary>
/// <param name="client">The requester's.</param>
/// <param name="patience">How long a signing may take from its first post to its end.</param>
/// <param name="time">The clock.</param>
internal sealed class Pursuit(KeyMeldClient client, TimeSpan patience, TimeProvider time)
{
    private static readonly TimeSpan OneWait = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <returns>How it ended.</returns>
    public async Task<PursuitEnd> RunAsync(PreparedRequest request, CancellationToken cancellationToken)
    {
        var begin = time.GetTimestamp();
        var last = ErrorCodes.StillPending;
        for (var (seen, asks) = (false, false); ;)
        {
            try
            {
                // Whether a post that brought no answer arrived is not known: first it is asked.
                var outcome = asks ? await client.Signings.StatusAsync(request.Reference, cancellationToken) : await client.Signings.SubmitAsync(request, OneWait, cancellationToken);
                seen = asks = true;
                if (EndOf(outcome) is { } end)
                {
                    return end;
                }
            }
            catch (KeyMeldException error) when (error.Code == ErrorCodes.NotFound && asks && !seen)
            {
                asks = false;
            }
            catch (KeyMeldException error) when (ErrorCodes.Get(error.Code).Retryable)
            {
                (last, asks) = (error.Code, true);
            }
            catch (KeyMeldException error)
            {
                return error.Code is ErrorCodes.Expired or ErrorCodes.LimitExceeded && !seen ? new PursuitEnd.Refused(error.Code) : Lost(request, error.Code);
            }
            if (time.GetElapsedTime(begin) > patience)
            {
                return seen ? Lost(request, $"not over after {patience.TotalSeconds:0} s, {last}") : new PursuitEnd.Refused(last);
            }
            await Task.Delay(Pause, time, cancellationToken);
        }
    }

    private static PursuitEnd? EndOf(SigningOutcome outcome) => outcome switch
    {
        { IsFinal: false } => null,
        { IsSigned: true } => new PursuitEnd.Signed(),
        { Error: { } code } => new PursuitEnd.Failed(code),
        { Items: { } items } => new PursuitEnd.Failed(items.OfType<SignedItem.Failed>().First().Error),
        _ => Lost(outcome.Reference, $"over as {outcome.State}, without a signature and without a reason"),
    };

    private static PursuitEnd.Lost Lost(PreparedRequest request, string why) => Lost(request.Reference, why);

    private static PursuitEnd.Lost Lost(SigningReference reference, string why) => new($"{reference.Request}: {why}");
}

/// <summary>How a signing of a soak ended.</summary>
internal abstract record PursuitEnd
{
    private PursuitEnd()
    {
    }

    /// <summary>In signatures that the SDK verified.</summary>
    internal sealed record Signed : PursuitEnd;

    /// <summary>In a failure with a stable code, after it was accepted.</summary>
    internal sealed record Failed(string Code) : PursuitEnd;

    /// <summary>It was never accepted, with a stable code.</summary>
    internal sealed record Refused(string Code) : PursuitEnd;

    /// <summary>What must never be.</summary>
    internal sealed record Lost(string What) : PursuitEnd;
}
