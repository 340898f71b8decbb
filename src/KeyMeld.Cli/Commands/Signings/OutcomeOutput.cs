using KeyMeld.Cli.Output;
using KeyMeld.Client;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Cli.Commands.Signings;

/// <summary>How a signing stands, and its signatures.</summary>
internal static class OutcomeOutput
{
    private const int MostShown = 20;

    /// <summary>Waits for a final state; after the time given, what there is.</summary>
    public static async Task<SigningOutcome> WaitAsync(KeyMeldClient client, SigningReference reference, int seconds, CancellationToken cancellationToken)
    {
        if (seconds > 0)
        {
            try
            {
                return await client.Signings.WaitAsync(reference, TimeSpan.FromSeconds(seconds), cancellationToken);
            }
            catch (KeyMeldException exception) when (exception.Code == ErrorCodes.StillPending)
            {
                // Not an error: approvals may take days.
            }
        }
        return await client.Signings.StatusAsync(reference, cancellationToken);
    }

    /// <summary>Prints it; exit code 0 when everything is signed, or still waiting where that is what was asked for.</summary>
    /// <param name="outcome">How it stands.</param>
    /// <param name="names">What the requester's profile calls the items.</param>
    /// <param name="files">Where signatures are written.</param>
    /// <param name="waitingIsFine">Whether a signing that waits is a success.</param>
    public static int Print(SigningOutcome outcome, IReadOnlyList<string?> names, OutcomeFiles files, bool waitingIsFine)
    {
        Report.Facts(("signing", outcome.Reference.ToString()), ("state", outcome.State.ToString().ToLowerInvariant()), ("attempts", $"{outcome.Attempts}"), ("error", outcome.Error));
        if (outcome.Items is { } items)
        {
            var rows = items.Select((item, index) => OutcomeRows.Of(item, names.ElementAtOrDefault(index) ?? $"{index}")).ToList();
            files.Write(items, rows);
            Print(rows);
            return outcome.IsSigned ? 0 : 1;
        }
        if (outcome.IsFinal)
        {
            return Failure.Show(outcome.Error ?? outcome.State.ToString().ToLowerInvariant(), "The signing ended without a result.",
                outcome.Error is { } code && ErrorCodes.IsKnown(code) ? ErrorCodes.Get(code).Action : "");
        }
        Report.Say("Waiting for approvals: give the others the signing's line; they run `keymeld approve`. `keymeld signing show` fetches the result.");
        return waitingIsFine ? 0 : 1;
    }

    // People see the first of a large batch, and everything that failed; machines and files get all.
    private static void Print(List<IReadOnlyList<string?>> rows)
    {
        var failed = rows.Count(OutcomeRows.HasFailed);
        List<IReadOnlyList<string?>> shown = Report.Json ? rows : [.. rows.Where((row, index) => index < MostShown || OutcomeRows.HasFailed(row))];
        // Pre-signatures and errors get columns of their own, where there are any.
        var used = OutcomeRows.Columns.Index().Where(column => column.Index < OutcomeRows.Always || shown.Exists(row => row[column.Index] is not null)).ToList();
        Report.Table("signatures", [.. used.Select(column => column.Item)], shown.Select(row => (IReadOnlyList<string?>)[.. used.Select(column => row[column.Index])]));
        if (rows.Count > shown.Count || failed > 0)
        {
            Report.Say($"{rows.Count} items: {rows.Count - failed} signed, {failed} failed{(rows.Count > shown.Count ? $"; {rows.Count - shown.Count} signed ones are not shown, --results FILE writes all" : "")}.");
        }
    }
}
