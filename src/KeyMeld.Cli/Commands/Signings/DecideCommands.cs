using System.CommandLine;
using KeyMeld.Cli.Commands.Groups;
using KeyMeld.Cli.Output;
using KeyMeld.Cli.Profiles;
using KeyMeld.Client;

namespace KeyMeld.Cli.Commands.Signings;

/// <summary><c>keymeld approve</c> and <c>keymeld reject</c>: show what would be signed, then decide.</summary>
internal static class DecideCommands
{
    private static readonly Argument<string> Reference = SigningArgument.Create();
    private static readonly Option<bool> Yes = new("--yes") { Description = "Decide without asking." };
    private static readonly Option<bool> All = new("--all") { Description = "Show every item of a large batch." };
    private static readonly Option<BitcoinNetwork> Network = new("--network") { Description = "Network of the addresses shown.", DefaultValueFactory = _ => BitcoinNetwork.Mainnet };
    private static readonly Option<int> Wait = new("--wait") { Description = "Seconds to wait for the signatures.", DefaultValueFactory = _ => 5 };

    public static Command CreateApprove()
    {
        var profile = new ProfileArguments();
        var files = new Option<string[]>("--file") { Description = "Your own copy of a file that the request carries only the hash of. Repeat it." };
        var opaque = new Option<bool>("--opaque") { Description = "Approve although nothing shows what it is. What is shown and does not match is refused all the same." };
        var raw = new Option<bool>("--accept-raw-tweaks") { Description = "Approve items whose own tweaks hide what they commit to." };
        var command = profile.AddTo(new Command("approve", "Show what a request would sign, and approve it."));
        command.Arguments.Add(Reference);
        foreach (var option in (Option[])[files, opaque, raw, All, Network, Yes, Wait])
        {
            command.Options.Add(option);
        }
        return command.Runs(async (parsed, cancellationToken) =>
        {
            using var session = profile.OpenSession(parsed);
            var review = await ReviewAsync(session.Client, SigningArgument.Read(parsed, Reference), cancellationToken);
            foreach (var file in parsed.GetValue(files) ?? [])
            {
                using var content = File.OpenRead(file);
                if (review.Match(content) == 0)
                {
                    Report.Warn($"{file} is not what any item of this request signs.");
                }
            }
            ReviewOutput.Print(review, parsed.GetValue(All), parsed.GetValue(Network));
            if (!Confirm.Ask(parsed.GetValue(Yes), "Approve this?"))
            {
                return 1;
            }
            var options = new ApproveOptions { AcceptRawTweaks = parsed.GetValue(raw) };
            var outcome = await (parsed.GetValue(opaque)
                ? session.Client.Signings.ApproveOpaqueAsync(review, options, cancellationToken)
                : session.Client.Signings.ApproveAsync(review, options, cancellationToken));
            Report.Say("Approved.");
            outcome = outcome.IsFinal ? outcome : await OutcomeOutput.WaitAsync(session.Client, review.Reference, parsed.GetValue(Wait), cancellationToken);
            return OutcomeOutput.Print(outcome, [], OutcomeFiles.None, waitingIsFine: true);
        });
    }

    /// <summary><c>keymeld signing review</c>: shows it and decides nothing.</summary>
    public static Command CreateReview()
    {
        var profile = new ProfileArguments();
        var command = profile.AddTo(new Command("review", "Show what a request would sign, item by item, verified; decide nothing."));
        command.Arguments.Add(Reference);
        command.Options.Add(All);
        command.Options.Add(Network);
        return command.Runs(async (parsed, cancellationToken) =>
        {
            using var session = profile.OpenSession(parsed);
            ReviewOutput.Print(await ReviewAsync(session.Client, SigningArgument.Read(parsed, Reference), cancellationToken), parsed.GetValue(All), parsed.GetValue(Network));
            return 0;
        });
    }

    private static async Task<SigningReview> ReviewAsync(KeyMeldClient client, SigningReference reference, CancellationToken cancellationToken)
    {
        await GroupAccess.VerifiedAsync(client, reference.Group, cancellationToken);
        return await client.Signings.ReviewAsync(reference, cancellationToken);
    }

    public static Command CreateReject()
    {
        var profile = new ProfileArguments();
        var command = profile.AddTo(new Command("reject", "Reject a request, for good."));
        command.Arguments.Add(Reference);
        foreach (var option in (Option[])[All, Network, Yes])
        {
            command.Options.Add(option);
        }
        return command.Runs(async (parsed, cancellationToken) =>
        {
            using var session = profile.OpenSession(parsed);
            var review = await ReviewAsync(session.Client, SigningArgument.Read(parsed, Reference), cancellationToken);
            ReviewOutput.Print(review, parsed.GetValue(All), parsed.GetValue(Network));
            if (!Confirm.Ask(parsed.GetValue(Yes), "Reject this?"))
            {
                return 1;
            }
            var outcome = await session.Client.Signings.RejectAsync(review.Reference, cancellationToken);
            Report.Facts(("signing", outcome.Reference.ToString()), ("state", outcome.State.ToString().ToLowerInvariant()));
            return 0;
        });
    }
}
