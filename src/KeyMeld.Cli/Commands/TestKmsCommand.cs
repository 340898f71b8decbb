using System.CommandLine;
using KeyMeld.Cli.EndToEnd;
using KeyMeld.Cli.Output;
using KeyMeld.Cli.Scenes;
using KeyMeld.DevKit.Stack;

namespace KeyMeld.Cli.Commands;

/// <summary><c>keymeld test-kms-e2e</c>: the end-to-end KMS check against real processes.</summary>
internal static class TestKmsCommand
{
    public static Command Create()
    {
        var data = new Option<string>("--data") { Description = "Folder for the check; emptied first.", DefaultValueFactory = _ => Path.Combine("data", "test-kms-e2e") };
        var plain = new Option<bool>("--plain") { Description = "Without attestation, as with LocalStack or moto." };
        var endpoint = UrlOption.Create("--endpoint", "Another KMS than the emulator; only with --plain. AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY from the environment.");
        var command = new Command("test-kms-e2e", "Check key persistence with KMS end to end: pass or fail a line, exit code 0 only if all pass.");
        var transport = StackArguments.TransportOption();
        command.Options.Add(data);
        command.Options.Add(transport);
        command.Options.Add(plain);
        command.Options.Add(endpoint);
        return command.Runs(async (parsed, cancellationToken) =>
        {
            var external = parsed.GetValue(endpoint);
            if (external is not null && parsed.GetValue(transport) is not StackTransport.Direct)
            {
                return Failure.Show("bad_request", "--endpoint goes with --transport direct.", "");
            }
            if (external is not null && !parsed.GetValue(plain))
            {
                return Failure.Show("bad_request", "--endpoint goes with --plain: only the emulator answers attested calls on this machine.", "");
            }
            var folder = Path.GetFullPath(parsed.GetValue(data)!);
            StackFolder.Empty(folder);
            var options = new StackOptions
            {
                DataDirectory = folder,
                Port = FreePort.Next(),
                KmsPort = FreePort.Next(),
                KmsTlsPort = FreePort.Next(),
                Transport = parsed.GetValue(transport),
                Attestation = !parsed.GetValue(plain),
                ExternalKms = external,
            };
            var checks = new CheckList();
            await using (var stack = await DevelopmentStack.StartAsync(options, step => Report.Say($"     {step}"), cancellationToken))
            {
                await new KmsCheck(stack, options, checks, cancellationToken).RunAsync();
            }
            Report.Say($"{checks.Passed} passed, {checks.Failed} failed{(checks.Skipped > 0 ? $", {checks.Skipped} skipped" : "")}");
            return checks.Failed == 0 ? 0 : 1;
        });
    }
}
