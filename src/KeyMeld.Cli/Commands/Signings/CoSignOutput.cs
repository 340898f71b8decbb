using KeyMeld.Cli.Output;
using KeyMeld.Client;

namespace KeyMeld.Cli.Commands.Signings;

/// <summary>What a co-signer does, a line each.</summary>
internal static class CoSignOutput
{
    private const int ShortHash = 12;
    private static readonly Lock OneLine = new();

    public static void Print(CoSignerEvent what)
    {
        var (name, signing, detail) = what switch
        {
            CoSignerEvent.Following following => ("following", following.Signing, (string?)null),
            CoSignerEvent.SentNonces opened => ("opened", opened.Signing, $"attempt {opened.Attempt}: every check passed, public nonces sent"),
            CoSignerEvent.SentPartials signed => ("signed", signed.Signing, $"attempt {signed.Attempt}: partial signatures sent"),
            CoSignerEvent.Ended ended => (ended.Outcome.State.ToString().ToLowerInvariant(), ended.Outcome.Reference, ended.Outcome.Error),
            CoSignerEvent.Refused refused => ("refused", refused.Signing, $"{refused.Code}: {refused.Message}"),
            CoSignerEvent.Retrying retrying => ("retrying", retrying.Signing, $"{retrying.Code}: {retrying.Message}"),
            _ => throw new ArgumentOutOfRangeException(nameof(what)),
        };
        lock (OneLine)
        {
            if (Report.Json)
            {
                Report.Facts(("event", name), ("signing", signing.ToString()), ("detail", detail));
            }
            else
            {
                Report.Say($"{signing.Request.ToString()[..ShortHash]}  {name}{(detail is null ? "" : $"  {detail}")}");
            }
        }
    }
}
