using System.Globalization;
using KeyMeld.Cli.Scenes;
using Microsoft.Data.Sqlite;

namespace KeyMeld.Cli.Doctor;

/// <summary>Whether the database has what the enclaves need to start again: a row an epoch, under a KMS key that is configured, of the key that is announced.</summary>
internal static class RowsCheck
{
    private const string Name = "sealed rows";

    public static async Task<IReadOnlyList<Diagnosis>> RunAsync(Patient patient, CancellationToken cancellationToken)
    {
        if (patient.Facts is not { } facts)
        {
            return [new(Name, Health.Skipped, "configuration first")];
        }
        if (facts.Storage != "sqlite")
        {
            return [new(Name, Health.Skipped, $"the database is {facts.Database}: `keymeld db check --config {patient.ConfigFile}` reads its rows")];
        }
        if (!File.Exists(facts.Database))
        {
            return [new(Name, Health.Wrong, $"there is no database {facts.Database}", "Run this on the gateway's machine; if the file was lost, restore it from a backup: a lost row is a lost identity key.")];
        }
        try
        {
            var rows = await DatabaseView.QueryAsync(facts.Database, """
                SELECT enclave_id, key_epoch, kms_key_id, lower(hex(public_key)), length(kms_encrypted_dek), length(encrypted_private_key), 1 FROM enclave_master_keys
                UNION ALL SELECT enclave_id, key_epoch, kms_key_id, lower(hex(public_key)), length(kms_encrypted_dek), length(encrypted_private_key), 0 FROM enclave_retired_keys ORDER BY 1, 2
                """, cancellationToken);
            return [.. facts.Enclaves.SelectMany(enclave => Judge(patient, facts, enclave, [.. rows.Where(row => row[0] == enclave.ToString(CultureInfo.InvariantCulture))]))];
        }
        catch (SqliteException exception)
        {
            return [new(Name, Health.Wrong, $"{facts.Database}: {exception.Message}", "Repair the database or restore it from a backup; the enclaves stay locked with sealed_key_unreadable until then.")];
        }
    }

    private static IEnumerable<Diagnosis> Judge(Patient patient, GatewayFacts facts, int enclave, IReadOnlyList<IReadOnlyList<string?>> rows)
    {
        if (rows.Count == 0)
        {
            return [new(Name, Health.Wrong, $"enclave {enclave} has no sealed key", $"New: `keymeld enclave genesis --enclave {enclave}`. Not new: restore the row from a backup.")];
        }
        if (rows.FirstOrDefault(row => row[5] != "61" || row[3]?.Length != 66 || row[4] is null or "0") is { } damaged)
        {
            return [new(Name, Health.Wrong, $"the row of enclave {enclave}, epoch {damaged[1]}, is damaged", "Restore it from a backup; nothing overwrites it.")];
        }
        // With an alias the rows name the key that the alias stood for.
        var foreign = facts.Region is null ? null : rows.FirstOrDefault(row => row[2] != facts.KmsKeyId && !facts.PreviousKmsKeyIds.Contains(row[2] ?? ""));
        if (foreign is not null)
        {
            return [new(Name, Health.Wrong, $"enclave {enclave}, epoch {foreign[1]}, is sealed under {foreign[2]}, which is not configured", "Add that ARN to previous_key_ids of the enclaves and of the gateway, then `keymeld enclave rewrap`.")];
        }
        var newest = rows.Single(row => row[6] == "1");
        if (patient.Announced?.GetValueOrDefault(enclave) is { } announced && announced != newest[3])
        {
            return [new(Name, Health.Wrong, $"enclave {enclave} announces another key than its row holds", "Restore the database that belongs to it before the enclave restarts.")];
        }
        return rows.Count(row => facts.Region is not null && row[2] != facts.KmsKeyId) is > 0 and var old
            ? [new(Name, Health.Notable, $"enclave {enclave}: {old} of {rows.Count} epochs are still sealed under a previous KMS key", $"`keymeld enclave rewrap --enclave {enclave}` before that key goes.")]
            : [new(Name, Health.Fine, $"enclave {enclave}: {rows.Count} epochs, newest {newest[1]}")];
    }
}
