using Microsoft.Data.Sqlite;

namespace KeyMeld.Tests.Gateway.Support;

/// <summary>Every row of every table of a gateway's database, but the nonces of calls it has answered.</summary>
internal static class DatabaseRows
{
    public static IReadOnlyList<string> Of(string file)
    {
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Pooling = false, Mode = SqliteOpenMode.ReadOnly }.ToString());
        connection.Open();
        var tables = Read(connection, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'replay_nonces' ORDER BY name");
        Assert.NotEmpty(tables);
        return [.. tables.SelectMany(table => Read(connection, $"SELECT * FROM \"{table}\"").Select(row => $"{table}: {row}").Order(StringComparer.Ordinal))];
    }

    private static List<string> Read(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // constants and names of tables
        command.CommandText = sql;
#pragma warning restore CA2100
        using var reader = command.ExecuteReader();
        var rows = new List<string>();
        while (reader.Read())
        {
            rows.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(column => reader.GetValue(column) is byte[] bytes ? Convert.ToHexString(bytes) : reader.GetValue(column).ToString())));
        }
        return rows;
    }
}
