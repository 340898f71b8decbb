using System.CommandLine;
using KeyMeld.Cli.Commands.Groups;
using KeyMeld.Cli.Output;
using KeyMeld.Cli.Profiles;
using KeyMeld.Client;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Cli.Commands.Signings;

/// <summary><c>keymeld cosign</c>: signs with the keys this profile keeps at home, until it is stopped.</summary>
internal static class CoSignCommand
{
    private static readonly Argument<string[]> References = new("signing")
    {
        Description = "Lines that begin with keymeldsign1., or files with one: signings to take part in besides those this profile requests or approves.",
        Arity = ArgumentArity.ZeroOrMore,
    };
    private static readonly Option<string[]> GroupNames = new("--group") { Description = "Sign for this group only (label or id). Repeat it." };
    private static readonly Option<bool> Yes = new("--yes") { Description = "Sign what the group's approval rule lets through without your own approval." };
    private static readonly Option<bool> Once = new("--once") { Description = "End when the given signings are over." };

    public static Command Create()
    {
        var profile = new ProfileArguments();
        var command = profile.AddTo(new Command("cosign", "Sign from this machine, with the keys that never leave it. Runs until Ctrl-C."));
        command.Arguments.Add(References);
        foreach (var option in (Option[])[GroupNames, Yes, Once])
        {
            command.Options.Add(option);
        }
        return command.Runs((parsed, cancellationToken) => RunAsync(profile, parsed, cancellationToken));
    }

    private static async Task<int> RunAsync(ProfileArguments profile, ParseResult parsed, CancellationToken cancellationToken)
    {
        var references = (parsed.GetValue(References) ?? []).Select(SigningArgument.Parse).ToList();
        if (parsed.GetValue(Once) && references.Count == 0)
        {
            throw new KeyMeldException(ErrorCodes.BadRequest, "--once ends with the signings that are given: name one.");
        }
        using var session = profile.OpenSession(parsed);
        using var alone = CoSignLock.Take(session.Profile.Folder);
        var names = parsed.GetValue(GroupNames) ?? [];
        var groups = names.Length == 0 ? null : names.Select(name => session.Client.Groups.Find(name).Id).ToHashSet();
        foreach (var group in groups ?? [.. references.Select(reference => reference.Group)])
        {
            RequireAtHome(await GroupAccess.VerifiedAsync(session.Client, group, cancellationToken));
        }
        var options = new CoSignerOptions { OnEvent = CoSignOutput.Print };
        if (parsed.GetValue(Yes))
        {
            options = options with { Decide = DecideAsync };
        }
        using var signer = session.Client.CreateCoSigner(options);
        return parsed.GetValue(Once) ? await OnceAsync(signer, references, cancellationToken) : await ServeAsync(signer, groups, references, cancellationToken);
    }

    private static async Task<int> ServeAsync(CoSigner signer, HashSet<Hash32>? groups, List<SigningReference> references, CancellationToken cancellationToken)
    {
        Report.Say("Signing from this machine what you request or approve. Ctrl-C ends.");
        await signer.RunAsync(groups, references, cancellationToken);
        Report.Say("Stopped. Unused nonces are wiped; signings under way go on when this runs again.");
        return 0;
    }

    private static async Task<int> OnceAsync(CoSigner signer, List<SigningReference> references, CancellationToken cancellationToken)
    {
        var outcomes = await Task.WhenAll(references.Select(reference => signer.SignAsync(reference, cancellationToken)));
        return outcomes.Max(outcome => OutcomeOutput.Print(outcome, [], OutcomeFiles.None, waitingIsFine: false));
    }

    private static ValueTask<bool> DecideAsync(SigningReview review, CancellationToken cancellationToken)
    {
        ReviewOutput.Print(review, all: true, BitcoinNetwork.Mainnet);
        return ValueTask.FromResult(true);
    }

    private static void RequireAtHome(Group group)
    {
        if (group.MyIndex is not { } place || group.Members[place].Enclave is not null)
        {
            throw new KeyMeldException(ErrorCodes.BadRequest, $"This profile has no place in {group.Label ?? group.Id.ToString()} that signs at home: an enclave does it.");
        }
    }
}
