using KeyMeld.Cli.Output;
using KeyMeld.Client;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Cli.Commands.Signings;

/// <summary>How a signing stands, and its signatures.</summary>
internal static class OutcomeOutput
{
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
    public static int Print(SigningOutcome outcome, IReadOnlyList<string?> names, string? folder, bool waitingIsFine)
    {
        Report.Facts(("signing", outcome.Reference.ToString()), ("state", outcome.State.ToString().ToLowerInvariant()), ("attempts", $"{outcome.Attempts}"), ("error", outcome.Error));
        if (outcome.Items is { } items)
        {
            // Pre-signatures are no signatures: they get columns of their own, where there are any.
            var adapted = items.Any(item => item is SignedItem.PreSigned);
            string[] columns = ["item", "message", "output key", "signature"];
            Report.Table("signatures", adapted ? [.. columns, "adaptor point", "presignature"] : columns, items.Select((item, index) =>
                (IReadOnlyList<string?>)[.. Row(item, names.ElementAtOrDefault(index) ?? $"{index}", folder), .. adapted ? PreSigned(item) : []]));
            SavePreSignatures(items, names, folder);
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

    private static IReadOnlyList<string?> PreSigned(SignedItem item) =>
        item is SignedItem.PreSigned { PreSignature: var verified } ? [verified.Point.ToString(), verified.PreSignature.ToString()] : [null, null];

    // One name may have several pre-signatures, one for each point: then they are numbered.
    private static void SavePreSignatures(IReadOnlyList<SignedItem> items, IReadOnlyList<string?> names, string? folder)
    {
        if (folder is null)
        {
            return;
        }
        foreach (var named in items.Index().Where(item => item.Item is SignedItem.PreSigned).GroupBy(item => Path.GetFileName(names.ElementAtOrDefault(item.Index) ?? $"{item.Index}")))
        {
            Directory.CreateDirectory(folder);
            foreach (var (number, (_, item)) in named.Index())
            {
                File.WriteAllText(Path.Combine(folder, named.Count() == 1 ? $"{named.Key}.presig" : $"{named.Key}.{number}.presig"), ((SignedItem.PreSigned)item).PreSignature.PreSignature + "\n");
            }
        }
    }

    private static IReadOnlyList<string?> Row(SignedItem item, string name, string? folder)
    {
        switch (item)
        {
            case SignedItem.Signed signed:
                if (folder is not null)
                {
                    Directory.CreateDirectory(folder);
                    File.WriteAllText(Path.Combine(folder, Path.GetFileName(name) + ".sig"), signed.Signature + "\n");
                }
                return [name, signed.Message.ToString(), signed.OutputKey.ToString(), signed.Signature.ToString()];
            case SignedItem.PreSigned pre:
                return [name, pre.Message.ToString(), pre.PreSignature.Key.ToString(), null];
            case SignedItem.Failed failed:
                var culprit = failed.Culprit is { } blamed ? blamed.Enclave is { } enclave ? $" by enclave {enclave}" : $" by member {blamed.Member}" : "";
                return [name, failed.Message.ToString(), null, failed.Error + culprit];
            default:
                throw new ArgumentOutOfRangeException(nameof(item));
        }
    }
}
