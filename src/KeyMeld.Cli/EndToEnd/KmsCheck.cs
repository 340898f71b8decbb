using System.Diagnostics;
using KeyMeld.Cli.Commands;
using KeyMeld.Cli.Scenes;
using KeyMeld.Client;
using KeyMeld.DevKit.Stack;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Cli.EndToEnd;

/// <summary>The end-to-end KMS check: keys made with KMS, kept over every kind of restart, locked and never overwritten while anything is wrong.</summary>
internal sealed partial class KmsCheck(DevelopmentStack stack, StackOptions options, CheckList checks, CancellationToken cancellationToken)
{
    private readonly Party party = Party.On(stack, Path.Combine(options.DataDirectory, "profiles"));
    private FleetView? fleet;
    private Hash32 group;
    private Hash32 unattended;
    private int files;

    public async Task RunAsync()
    {
        await checks.RunAsync("initial key generation with KMS", GenesisAsync);
        if (fleet is null)
        {
            return;
        }
        await checks.RunAsync("signing with KMS-backed keys", async () =>
        {
            group = await party.FormAsync(people => new GroupPlan { Label = "attended", Participants = people }, new JoinOptions(), cancellationToken);
            await party.VerifyAsync(group, cancellationToken);
            unattended = await party.FormAsync(people => new GroupPlan { Label = "unattended", Participants = people, Unattended = true },
                new JoinOptions { AcceptUnattended = true, Approval = false }, cancellationToken);
            await party.VerifyAsync(unattended, cancellationToken);
            return await SignAsync();
        });
        await checks.RunAsync("restart of the enclaves: keys equal, the old group signs", () => RestartAsync(stack.KillEnclavesAsync, () => stack.StartEnclavesAsync(cancellationToken)));
        await checks.RunAsync("restart of the gateway: keys equal, the old group signs", () => RestartAsync(stack.KillGatewayAsync, () => stack.StartGatewayAsync(cancellationToken)));
        await checks.RunAsync("restart of all at once: keys equal, the old group signs", () => RestartAsync(stack.KillEverythingAsync, StartEverythingAsync));
        await checks.RunAsync("SIGKILL in the middle of a signing: it completes by a new attempt", InterruptAsync);
        await checks.RunAsync("database integrity", IntegrityAsync);
        await checks.RunAsync("sqlite3 reads the sealed keys as documented", SqliteShellAsync);
        if (options.ExternalKms is null)
        {
            await KmsFaultsAsync();
        }
        else
        {
            checks.Skip("KMS unreachable, access denied, key disabled", "not done to a KMS that is not ours");
        }
        await RowFaultsAsync();
    }

    private async Task<string> GenesisAsync()
    {
        var ready = await Scene.ReadyAsync(stack, cancellationToken);
        var rows = await DatabaseView.SealedKeysAsync(stack.Layout.Database, cancellationToken);
        Scene.Require(rows.Count == options.Enclaves, $"{rows.Count} sealed keys for {options.Enclaves} enclaves.");
        Scene.Require(rows.All(row => ready.Keys[int.Parse(row[0]!, System.Globalization.CultureInfo.InvariantCulture)] == row[4]), "A stored public key is not the announced one.");
        fleet = ready;
        return $"{rows.Count} sealed keys, epoch {rows[0][1]}";
    }

    private async Task<string> SignAsync()
    {
        var content = System.Text.Encoding.UTF8.GetBytes($"end-to-end file {++files}\n");
        var (_, signature) = await party.SignAsync(group, content, $"file-{files}", cancellationToken);
        return $"signature {signature[..16]}… verified by three";
    }

    private async Task<string> RestartAsync(Func<Task> kill, Func<Task> start)
    {
        await kill();
        await start();
        Scene.SameKeys(fleet!, await Scene.ReadyAsync(stack, cancellationToken));
        return await SignAsync();
    }

    private Task StartEverythingAsync() => Task.WhenAll(stack.StartEnclavesAsync(cancellationToken), stack.StartGatewayAsync(cancellationToken));

    private async Task<string> InterruptAsync()
    {
        // A batch large enough that the kill finds it running; should the kill come too late, because this machine is too fast or stood still in between, a larger one is tried.
        for (var tries = 0; tries < 6; tries++)
        {
            var items = Math.Min(3_000 + (tries * 3_500), 10_000);
            var reference = await party.Alice.OnlineAsync(client => client.Signings.RequestAsync(client.Groups.Load(unattended),
                [.. Enumerable.Range(0, items).Select(item => SigningContent.FromBytes(System.Text.Encoding.UTF8.GetBytes($"{files}/{tries}/{item}")))], cancellationToken: cancellationToken));
            await stack.KillEverythingAsync();
            await StartEverythingAsync();
            Scene.SameKeys(fleet!, await Scene.ReadyAsync(stack, cancellationToken));
            var outcome = await party.Alice.OnlineAsync(client => client.Signings.WaitAsync(reference, stack.Patience, cancellationToken));
            Scene.Require(outcome.IsSigned, $"The interrupted signing ended as {outcome.State} {outcome.Error}.");
            if (outcome.Attempts > 1)
            {
                return $"{items} items signed in attempt {outcome.Attempts}";
            }
        }
        throw new StackException("Every signing was finished before the kill reached it.", "gateway");
    }

    private async Task<string> IntegrityAsync()
    {
        var database = stack.Layout.Database;
        Scene.Require((await DatabaseView.QueryAsync(database, "PRAGMA integrity_check", cancellationToken))[0][0] == "ok", "PRAGMA integrity_check found damage.");
        Scene.Require((await DatabaseView.QueryAsync(database, "PRAGMA foreign_key_check", cancellationToken)).Count == 0, "A foreign key points nowhere.");
        var rows = await DatabaseView.SealedKeysAsync(database, cancellationToken);
        Scene.Require(rows.Count == options.Enclaves, "A sealed key is missing.");
        return $"integrity ok, foreign keys ok, {rows.Count} sealed keys";
    }

    private async Task<string> SqliteShellAsync()
    {
        const string Query = "SELECT enclave_id, length(encrypted_private_key) FROM enclave_master_keys;";
        try
        {
            using var process = Process.Start(new ProcessStartInfo("sqlite3", [stack.Layout.Database, Query]) { RedirectStandardOutput = true })!;
            var lines = (await process.StandardOutput.ReadToEndAsync(cancellationToken)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
            await process.WaitForExitAsync(cancellationToken);
            Scene.Require(process.ExitCode == 0 && lines.Length == options.Enclaves, "sqlite3 did not print a row for each enclave.");
            return string.Join(" ", lines);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            // Without the shell: the very statement, through the library.
            var rows = await DatabaseView.QueryAsync(stack.Layout.Database, Query, cancellationToken);
            Scene.Require(rows.Count == options.Enclaves, "The statement did not give a row for each enclave.");
            return "the sqlite3 shell is not installed; the statement works through the library";
        }
    }
}
