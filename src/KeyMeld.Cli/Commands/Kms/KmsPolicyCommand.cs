using System.CommandLine;
using KeyMeld.Attestation;
using KeyMeld.Cli.Output;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Cli.Commands.Kms;

/// <summary><c>keymeld kms policy</c>: the key policy for a set of releases, and the IAM policy of the role.</summary>
internal static class KmsPolicyCommand
{
    public static Command Create()
    {
        var release = KmsCommand.ReleaseOption(required: true);
        var releaser = KmsCommand.ReleaserOption();
        var role = new Option<string>("--role") { Description = "ARN of the role whose credentials the enclaves get.", Required = true };
        var admin = new Option<string[]>("--admin") { Description = "ARN of a role or user that administers the key; may be repeated.", Required = true };
        var key = new Option<string?>("--key") { Description = "ARN of the key; without it the one that all releases name." };
        var forRole = new Option<bool>("--iam") { Description = "Write the IAM policy of the role in place of the key policy." };
        var outFile = new Option<string?>("--out") { Description = "File to write it to; standard output without it." };
        var command = new Command("policy", "Write the key policy: one Allow a release with PCR0, PCR1 and PCR2, explicit Denies for everything else, no delegation to the account.");
        foreach (var option in (Option[])[release, releaser, role, admin, key, forRole, outFile])
        {
            command.Options.Add(option);
        }
        command.SetAction((parsed, _) =>
        {
            Report.Json = false;
            var releases = KmsCommand.Read(parsed.GetValue(release)!, parsed.GetValue(releaser));
            try
            {
                var plan = new KeyPolicyPlan(parsed.GetValue(key) ?? KeyOf(releases), releases, parsed.GetValue(role)!, parsed.GetValue(admin)!);
                var text = parsed.GetValue(forRole) ? plan.RolePolicy() : plan.KeyPolicy();
                if (parsed.GetValue(outFile) is { } path)
                {
                    File.WriteAllText(path, text);
                }
                else
                {
                    Console.Out.Write(text);
                }
                return Task.FromResult(0);
            }
            catch (ArgumentException exception)
            {
                throw new KeyMeldException(ErrorCodes.BadRequest, exception.Message, exception);
            }
        });
        return command;
    }

    private static string KeyOf(IReadOnlyList<Release> releases) => releases.Select(release => release.KmsKeyArn).Distinct().ToList() is [var only]
        ? only
        : throw new KeyMeldException(ErrorCodes.BadRequest, "The releases name different KMS keys: say with --key which one this policy is for. While the key is changed, both keys' policies need both releases.");
}
