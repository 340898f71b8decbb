using System.Globalization;
using KeyMeld.DevKit.Stack;
using Microsoft.Data.Sqlite;

namespace KeyMeld.Cli.Scenes;

/// <summary>Looks into the gateway's database the way an operator would: counts and lengths, no content.</summary>
internal static class DatabaseView
{
    public static async Task<IReadOnlyList<IReadOnlyList<string?>>> SealedKeysAsync(string path, CancellationToken cancellationToken) => await QueryAsync(path,
        "SELECT enclave_id, key_epoch, length(kms_encrypted_dek), length(encrypted_private_key), lower(hex(public_key)), kms_key_id FROM enclave_master_keys ORDER BY enclave_id", cancellationToken);

    public static async Task<IReadOnlyList<IReadOnlyList<string?>>> TablesAsync(string path, CancellationToken cancellationToken)
    {
        List<IReadOnlyList<string?>> tables = [];
        foreach (var table in await QueryAsync(path, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name", cancellationToken))
        {
            tables.Add([table[0], (await QueryAsync(path, $"SELECT count(*) FROM \"{table[0]}\"", cancellationToken))[0][0]]);
        }
        return tables;
    }

    /// <summary>One number, of whichever database a stack has.</summary>
    public static async Task<string> CountAsync(DevelopmentStack stack, string sql, CancellationToken cancellationToken) => stack.Database is { } server
        ? await server.RunSqlAsync(DevelopmentStack.DatabaseName, sql, cancellationToken)
        : (await QueryAsync(stack.Layout.Database, sql, cancellationToken))[0][0]!;

    public static async Task<IReadOnlyList<IReadOnlyList<string?>>> QueryAsync(string path, string sql, CancellationToken cancellationToken)
    {
        await using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString());
        await connection.OpenAsync(cancellationToken);
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // every statement is a constant of this program
        command.CommandText = sql;
#pragma warning restore CA2100
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        List<IReadOnlyList<string?>> rows = [];
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add([.. Enumerable.Range(0, reader.FieldCount).Select(column => Convert.ToString(reader.GetValue(column), CultureInfo.InvariantCulture))]);
        }
        return rows;
    }
}
