using System.CommandLine;
using KeyMeld.Cli.Doctor;
using KeyMeld.Cli.Output;

namespace KeyMeld.Cli.Commands.Kms;

/// <summary><c>keymeld kms doctor</c>: from the configuration to the sealed rows, what is wrong and what to do.</summary>
internal static class KmsDoctorCommand
{
    public static Command Create()
    {
        var config = new Option<string>("--config") { Description = "The gateway's configuration file.", Required = true };
        var release = KmsCommand.ReleaseOption(required: false);
        var releaser = KmsCommand.ReleaserOption();
        var root = new Option<string?>("--insecure-development") { Description = "Root certificate of the NSM simulator, for a gateway on this machine." };
        var gateway = UrlOption.Create("--gateway", "Where to ask the gateway; its public_url without it.");
        var emulator = new Option<string?>("--emulator") { Description = "Data folder of a development stack: its administrator's credentials are used." };
        var command = new Command("doctor", "Check in order configuration, credentials, reachability of KMS, state of the key, its policy, attestation, sealed rows. "
            + "Needs credentials that may describe the key and read its policy (the administrator's), from the environment or as the AWS command line finds them.");
        foreach (var option in (Option[])[config, release, releaser, root, gateway, emulator])
        {
            command.Options.Add(option);
        }
        return command.Runs(async (parsed, cancellationToken) =>
        {
            var patient = new Patient
            {
                ConfigFile = Path.GetFullPath(parsed.GetValue(config)!),
                Trusted = parsed.GetValue(release) is { Length: > 0 } files ? KmsCommand.Read(files, parsed.GetValue(releaser)) : null,
                DevelopmentRoot = parsed.GetValue(root),
                Gateway = parsed.GetValue(gateway),
                Emulator = parsed.GetValue(emulator),
            };
            var findings = await Examination.RunAsync(patient, cancellationToken);
            Report.Table("checks", ["check", "result", "found", "what to do"], findings.Select(one => (IReadOnlyList<string?>)[one.Check, one.Word, one.Found, one.Action]));
            var wrong = findings.Count(one => one.Result == Health.Wrong);
            Report.Say(wrong == 0 ? "Nothing is wrong." : $"{wrong} checks failed; begin with the first.");
            return wrong == 0 ? 0 : 1;
        });
    }
}
