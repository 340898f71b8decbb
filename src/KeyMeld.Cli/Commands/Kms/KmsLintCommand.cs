using System.CommandLine;
using KeyMeld.Attestation;
using KeyMeld.Cli.Output;

namespace KeyMeld.Cli.Commands.Kms;

/// <summary><c>keymeld kms lint</c>: every known weakness of a key policy or of the role's IAM policy.</summary>
internal static class KmsLintCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("POLICY.json") { Description = "The policy, as `aws kms get-key-policy --output text` prints it; - reads standard input." };
        var release = KmsCommand.ReleaseOption(required: false);
        var releaser = KmsCommand.ReleaserOption();
        var command = new Command("lint", "Name every weakness of a policy. Exit code 0 only when there is none.");
        command.Arguments.Add(file);
        command.Options.Add(release);
        command.Options.Add(releaser);
        return command.Runs((parsed, _) =>
        {
            var path = parsed.GetValue(file)!;
            var text = path == "-" ? Console.In.ReadToEnd() : File.ReadAllText(path);
            var releases = parsed.GetValue(release) is { Length: > 0 } some ? KmsCommand.Read(some, parsed.GetValue(releaser)) : null;
            var findings = PolicyLinter.Lint(text, releases);
            Print(findings);
            Report.Say(findings.Count == 0
                ? releases is null ? "No weakness found. Which builds are let in was not compared: give them with --release." : "No weakness found; exactly the releases given are let in."
                : $"{findings.Count} weaknesses.");
            return Task.FromResult(findings.Count == 0 ? 0 : 1);
        });
    }

    public static void Print(IReadOnlyList<PolicyFinding> findings)
    {
        if (findings.Count > 0 || Report.Json)
        {
            Report.Table("findings", ["code", "statement", "why", "what to do"], findings.Select(finding => (IReadOnlyList<string?>)[finding.Code, finding.Statement, finding.Why, finding.Action]));
        }
    }
}
