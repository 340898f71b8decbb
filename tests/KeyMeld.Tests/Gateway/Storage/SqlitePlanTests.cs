using KeyMeld.Gateway.Storage.Sqlite;
using Microsoft.Data.Sqlite;

namespace KeyMeld.Tests.Gateway.Storage;

/// <summary>Nothing the gateway asks its database gets slower with what is stored: SQLite finds every row through an index, says its own query planner.</summary>
public sealed class SqlitePlanTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("keymeld-").FullName;

    private string File => Path.Combine(_folder, "keymeld.db");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Every_statement_about_groups_signings_keys_and_nonces_finds_its_rows_through_an_index()
    {
        IReadOnlyList<string> statements;
        await using (var database = SqliteDatabase.Open(File, TimeProvider.System))
        {
            await EveryStatement.UseAsync(KeyMeld.Gateway.Storage.Stores.Of(database, TimeProvider.System));
            statements = [.. await database.WriteAsync(session => session.Statements.ToList()), .. await database.ReadAsync(session => session.Statements.ToList())];
        }
        var asked = statements.Where(sql => sql.Contains("WHERE", StringComparison.Ordinal)).Distinct().ToList();

        // Each call of the stores left its own; fewer would mean that something was not asked.
        Assert.True(asked.Count >= 25, string.Join("\n", asked));
        Assert.Empty(asked.SelectMany(sql => PlanOf(sql).Where(IsScan).Select(step => $"{step}: {sql}")));
    }

    [Fact]
    public async Task The_planner_is_believed_only_because_it_shows_a_scan_where_there_is_one()
    {
        await using (SqliteDatabase.Open(File, TimeProvider.System))
        {
        }
        Assert.Contains(PlanOf("SELECT 1 FROM signings WHERE state = 'running'"), IsScan);
        Assert.Contains(PlanOf("SELECT 1 FROM groups WHERE created_ms > 1"), IsScan);
    }

    // A scan of the index of what is unfinished reads just that. The sealed keys are as many as the enclaves.
    private static bool IsScan(string step) => step.StartsWith("SCAN", StringComparison.Ordinal)
        && step is not ("SCAN CONSTANT ROW" or "SCAN signings USING INDEX signings_unfinished" or "SCAN signings USING COVERING INDEX signings_unfinished"
            or "SCAN groups USING INDEX groups_joining" or "SCAN groups USING COVERING INDEX groups_joining")
        && !step.StartsWith("SCAN enclave_", StringComparison.Ordinal);

    private List<string> PlanOf(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={File};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // a statement of the gateway's own
        command.CommandText = "EXPLAIN QUERY PLAN " + sql;
#pragma warning restore CA2100
        foreach (var name in sql.Split([' ', ',', '(', ')', '\n', ';'], StringSplitOptions.RemoveEmptyEntries).Where(word => word[0] == '$').Distinct())
        {
            command.Parameters.AddWithValue(name, DBNull.Value);
        }
        using var reader = command.ExecuteReader();
        var steps = new List<string>();
        while (reader.Read())
        {
            steps.Add(reader.GetString(3));
        }
        return steps;
    }
}
