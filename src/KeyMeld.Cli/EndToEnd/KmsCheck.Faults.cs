using KeyMeld.Cli.Scenes;
using KeyMeld.DevKit.Nsm;
using Microsoft.Data.Sqlite;

namespace KeyMeld.Cli.EndToEnd;

/// <summary>Everything that can be wrong with KMS or a row: enclave 0 stays locked with that reason, nothing is overwritten, and it recovers when the cause is gone.</summary>
internal sealed partial class KmsCheck
{
    private async Task KmsFaultsAsync()
    {
        using var kms = stack.OpenKms();
        var key = await kms.EnsureKeyAsync(cancellationToken);
        await LockedWhileAsync("KMS unreachable", "kms_unreachable", stack.KillKmsAsync, () => stack.StartKmsAsync(cancellationToken));
        var another = new Measurement(new string('a', 96), new string('b', 96), new string('c', 96));
        await LockedWhileAsync(options.Attestation ? "access denied: these PCRs are not in the key policy" : "access denied by the key policy", "kms_access_denied",
            () => kms.PutPolicyAsync(key, stack.Policy(another), cancellationToken),
            () => kms.PutPolicyAsync(key, options.Attestation ? stack.Policy() : stack.OpenPolicy(), cancellationToken));
        await LockedWhileAsync("KMS key disabled", "kms_key_disabled", () => kms.DisableAsync(key, cancellationToken), () => kms.EnableAsync(key, cancellationToken));
    }

    private async Task RowFaultsAsync()
    {
        await LockedWhileAsync("sealed row corrupted", "sealed_key_corrupt", () => TamperAsync("UPDATE enclave_master_keys SET encrypted_private_key = zeroblob(61) WHERE enclave_id = 0"), RestoreAsync);
        await LockedWhileAsync("sealed row deleted", "sealed_key_missing", () => TamperAsync("DELETE FROM enclave_master_keys WHERE enclave_id = 0"), RestoreAsync);
    }

    private Task LockedWhileAsync(string what, string reason, Func<Task> breakIt, Func<Task> mendIt) => checks.RunAsync($"{what}: locked, nothing overwritten, recovers", async () =>
    {
        await KeepRowsAsync();
        await breakIt();
        try
        {
            var broken = await RowsAsync();
            await stack.KillEnclaveAsync(0);
            await stack.StartEnclaveAsync(0, cancellationToken);
            await Scene.LockedAsync(stack, 0, reason, cancellationToken);
            Scene.Require(broken.SequenceEqual(await RowsAsync()), "A sealed row changed while the enclave was locked.");
        }
        finally
        {
            await mendIt();
        }
        Scene.SameKeys(fleet!, await Scene.ReadyAsync(stack, cancellationToken));
        Scene.Require(kept.SequenceEqual(await RowsAsync()), "A sealed row is not what it was.");
        await SignAsync();
        return $"locked with {reason}, then ready with the same key";
    });

    private IReadOnlyList<string> kept = [];

    private async Task KeepRowsAsync()
    {
        kept = await RowsAsync();
        await TamperAsync("DROP TABLE IF EXISTS e2e_backup; CREATE TABLE e2e_backup AS SELECT * FROM enclave_master_keys");
    }

    private Task RestoreAsync() => TamperAsync(
        "DELETE FROM enclave_master_keys WHERE enclave_id = 0; INSERT INTO enclave_master_keys SELECT * FROM e2e_backup WHERE enclave_id = 0; DROP TABLE e2e_backup");

    private async Task<IReadOnlyList<string>> RowsAsync() => [.. (await DatabaseView.QueryAsync(stack.Layout.Database,
        "SELECT enclave_id, hex(kms_encrypted_dek), hex(encrypted_private_key), hex(public_key), kms_key_id, key_epoch FROM enclave_master_keys ORDER BY enclave_id", cancellationToken))
        .Select(row => string.Join('|', row))];

    /// <summary>What somebody with the database in hand can do. The triggers that keep the gateway itself from overwriting keys are taken away first and put back after.</summary>
    private async Task TamperAsync(string sql)
    {
        await using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = stack.Layout.Database, Pooling = false }.ToString());
        await connection.OpenAsync(cancellationToken);
        List<string> triggers = [];
        await using (var list = connection.CreateCommand())
        {
            list.CommandText = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'enclave_master_keys'";
            await using var reader = await list.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                sql = $"DROP TRIGGER \"{reader.GetString(0)}\"; {sql}";
                triggers.Add(reader.GetString(1));
            }
        }
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // constants of this file and the database's own triggers
        command.CommandText = $"PRAGMA busy_timeout = 5000; BEGIN IMMEDIATE; {sql}; {string.Join("; ", triggers)}; COMMIT";
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
