using Microsoft.Data.Sqlite;

namespace KeyMeld.Tests.Crashes;

/// <summary>The sealed keys of a gateway's database, read from outside.</summary>
internal sealed record SealedRows(IReadOnlyList<string> Keys, IReadOnlyList<string> History)
{
    public static SealedRows Of(string database)
    {
        if (!File.Exists(database))
        {
            return new([], []);
        }
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = database, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ConnectionString);
        connection.Open();
        const string Columns = "enclave_id || '/' || key_epoch || '/' || lower(hex(public_key)) || '/' || kms_key_id || '/' || hex(kms_encrypted_dek) || '/' || hex(encrypted_private_key)";
        return new(
            All(connection, $"SELECT {Columns} FROM enclave_master_keys UNION ALL SELECT {Columns} FROM enclave_retired_keys ORDER BY 1"),
            All(connection, "SELECT key_epoch || ':' || lower(hex(public_key)) FROM enclave_key_history ORDER BY 1"));
    }

    private static List<string> All(SqliteConnection connection, string sql)
    {
        using var exists = new SqliteCommand("SELECT count(*) FROM sqlite_master WHERE name = 'enclave_key_history'", connection);
        var rows = new List<string>();
        if ((long)exists.ExecuteScalar()! == 0)
        {
            return rows;
        }
        using var command = new SqliteCommand(sql, connection);
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            rows.Add(reader.GetString(0));
        }
        return rows;
    }
}
