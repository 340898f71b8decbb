using System.CommandLine;
using System.Globalization;
using KeyMeld.Cli.Output;
using KeyMeld.DevKit.Stack;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Cli.Commands;

/// <summary><c>keymeld up</c>: the development stack in the foreground until Ctrl-C.</summary>
internal static class UpCommand
{
    /// <summary>Where <c>up</c> leaves the gateway's address for as long as it runs, and, a line each, those of several behind it.</summary>
    public static string AddressFile(StackLayout layout) => Path.Combine(layout.Run, "gateway.url");

    public static Command Create()
    {
        var stackArguments = new StackArguments("data");
        var config = new Option<string?>("--config") { Description = "A gateway configuration file to use instead of the generated one." };
        var storage = StorageOption.CreateWithAddress();
        var gateways = GatewaysOption.Create();
        var command = new Command("up", "Start KMS emulator, NSM simulator, enclaves and gateway; stop them with Ctrl-C.");
        stackArguments.AddTo(command);
        command.Options.Add(config);
        command.Options.Add(storage);
        command.Options.Add(gateways);
        return command.Runs((parsed, cancellationToken) => RunAsync(
            stackArguments.Read(parsed).WithStorage(parsed.GetValue(storage)!).WithGateways(parsed.GetValue(gateways)) with { GatewayConfiguration = parsed.GetValue(config), RestartCrashed = true }, cancellationToken));
    }

    private static async Task<int> RunAsync(StackOptions options, CancellationToken cancellationToken)
    {
        if (options.GatewayConfiguration is { } file && !File.Exists(file))
        {
            return Failure.Show("file_failed", $"There is no {file}.", "Give the path of a gateway configuration with --config.");
        }
        if (options is { GatewayConfiguration: not null, OwnPostgres: true } or { GatewayConfiguration: not null, Postgres: not null })
        {
            return Failure.Show(ErrorCodes.BadRequest, "--storage is for the generated configuration; a file given with --config says itself where the database is.", "Leave one of the two away.");
        }
        await using var stack = await DevelopmentStack.StartAsync(options, step => Report.Say($"  {step}"), cancellationToken);
        stack.Crashed += (name, code) => Report.Warn($"{name} ended with code {code} and is started again; see {stack.Layout.Log(name)}");
        File.WriteAllText(DownCommand.PidFile(stack.Layout), Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
        File.WriteAllLines(AddressFile(stack.Layout), [stack.Gateway.AbsoluteUri, .. options.Gateways > 1 ? stack.Gateways.Select(gateway => gateway.AbsoluteUri) : []]);
        try
        {
            var fleet = await FleetView.WaitUntilReadyAsync(stack.Gateway, stack.Patience, cancellationToken);
            fleet.Print();
            Report.Facts(
                ("dashboard", $"{stack.Gateway}"),
                ("gateways", options.Gateways == 1 ? "1" : string.Join(", ", stack.Gateways)),
                ("api", $"{stack.Gateway}api/v1"),
                ("development root", stack.Layout.RootCertificate),
                ("kms", $"{stack.KmsEndpoint} {stack.KmsKey}"),
                ("database", stack.Database is { } own ? $"psql -h {own.SocketFolder} -U {own.User} {DevelopmentStack.DatabaseName} # password: {own.PasswordFile}"
                    : options.Postgres is { } given ? $"{given.Database} at {given.Host}" : stack.Layout.Database),
                ("data", stack.Layout.Data));
            Report.Say("Running; Ctrl-C stops it. Try `./keymeld status` in another terminal.");
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            Report.Say("stopping …");
        }
        finally
        {
            File.Delete(DownCommand.PidFile(stack.Layout));
            File.Delete(AddressFile(stack.Layout));
        }
        return 0;
    }
}
