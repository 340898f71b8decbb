// protocol.md section 6: a member at home repeats what it said before, opens a higher attempt where it cannot go on, and nothing else.
using KeyMeld.Protocol;
using KeyMeld.Protocol.Errors;
using KeyMeld.Wire.V1;

namespace KeyMeld.Gateway.Signing.Rounds;

/// <summary>What a round blob of a member at home means where the signing stands. Pure, so that the caller is told what the machine will do.</summary>
internal abstract record HomeAnswer
{
    private HomeAnswer()
    {
    }

    /// <summary>It is what the node was asked for; in round 1 also in place of what an earlier process of that member said.</summary>
    public sealed record Fills : HomeAnswer;

    /// <summary>The node said this before.</summary>
    public sealed record Repeats : HomeAnswer;

    /// <summary>The node's nonces of this attempt are gone: it opened the next.</summary>
    public sealed record Advances : HomeAnswer;

    /// <summary>It changes nothing.</summary>
    /// <param name="Code">From the table of error codes.</param>
    public sealed record Refused(string Code, string Detail) : HomeAnswer;

    /// <param name="state">Where the signing stands.</param>
    /// <param name="node">The node's place.</param>
    /// <param name="blob">Its blob, with a valid signature.</param>
    public static HomeAnswer Of(RoundState state, int node, RoundBlob blob)
    {
        if (state.Number is not { } attempt)
        {
            return new Refused(ErrorCodes.Conflict, "The signing takes no round blobs now.");
        }
        if (blob.Attempt == attempt + 1 && blob.Tau.IsEmpty && state is RoundState.Gathering or RoundState.Queuing or RoundState.Opening or RoundState.Signing)
        {
            return attempt < Limits.Attempts ? new Advances() : new Refused(ErrorCodes.AttemptsExhausted, "This was the last attempt.");
        }
        if (blob.Attempt != attempt)
        {
            return new Refused(ErrorCodes.AttemptStale, $"The signing is at attempt {attempt}.");
        }
        return (state, blob.Tau.IsEmpty) switch
        {
            (RoundState.Gathering gathering, true) => First(gathering.Round1[node], blob),
            (RoundState.Queuing queuing, true) => First(queuing.Round1[node], blob),
            (RoundState.Opening opening, true) => First(opening.Round1[node], blob),
            (RoundState.Signing signing, true) => Later(signing.Round1[node], blob),
            (RoundState.Signing signing, false) when blob.Boot != signing.Round1[node].Boot || blob.Tau.Span.SequenceEqual(signing.Tau().Bytes) == false =>
                new Refused(ErrorCodes.Conflict, "This answers another round-1 set than the one handed out."),
            (RoundState.Signing { Round2: var round2 }, false) => round2[node] is { } before ? Later(before, blob) : new Fills(),
            (RoundState.Combining combining, true) => Later(combining.Round1[node], blob),
            (RoundState.Combining combining, false) => Later(combining.Round2[node], blob),
            _ => new Refused(ErrorCodes.Conflict, "The signing takes no round blobs now."),
        };
    }

    // Until the set is handed out, nobody has answered it: a member that restarted may still say something new, but not one and the same process.
    private static HomeAnswer First(RoundBlob? before, RoundBlob blob) => before is null || before.Boot != blob.Boot ? new Fills() : Later(before, blob);

    private static HomeAnswer Later(RoundBlob before, RoundBlob blob) =>
        before.Equals(blob) ? new Repeats() : new Refused(ErrorCodes.Conflict, "This member said something else in this round.");
}
