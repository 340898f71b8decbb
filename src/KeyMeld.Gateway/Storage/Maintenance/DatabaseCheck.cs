using KeyMeld.Protocol.Errors;

namespace KeyMeld.Gateway.Storage.Maintenance;

/// <param name="Row">Its primary key; null where the table as a whole is meant.</param>
internal sealed record Problem(string Table, string? Row, string What);

/// <summary>Reads everything: is each row what this program writes, is each stored hash that of its bytes, are references and sealed keys whole.</summary>
internal static class DatabaseCheck
{
    /// <returns>The schema version, and what each table holds. It is sound where <paramref name="problem"/> was told nothing.</returns>
    /// <exception cref="KeyMeldException">storage_failed: it cannot be read at all, or is a newer program's.</exception>
    public static async Task<(int Version, IReadOnlyList<(string Table, long Rows)> Tables)> RunAsync(IRowDatabase database, Action<Problem> problem)
    {
        await using var session = await database.ReadAsync();
        var version = await session.VersionAsync();
        foreach (var own in await session.OwnProblemsAsync())
        {
            problem(new Problem("database", null, own));
        }
        var tables = new List<(string, long)>();
        var together = new RowsTogether(problem);
        foreach (var table in StoredTables.At(version))
        {
            long rows = 0;
            await foreach (var row in session.RowsAsync(table))
            {
                rows++;
                CheckRow(row, together, problem);
            }
            tables.Add((table.Name, rows));
            foreach (var reference in table.References)
            {
                var orphans = await session.OrphansAsync(table, reference);
                if (orphans > 0)
                {
                    problem(new Problem(table.Name, null, $"{orphans} rows name a row of {reference.Parent} that is not there."));
                }
            }
        }
        together.Finish();
        return (version, tables);
    }

    private static void CheckRow(StoredRow row, RowsTogether together, Action<Problem> problem)
    {
        try
        {
            row.RequireKinds();
            RowRules.Require(row);
            together.Add(row);
        }
        catch (Exception exception) when (exception is UnreadableRowException or KeyMeldException)
        {
            problem(new Problem(row.Table.Name, row.Name, exception.Message));
        }
    }
}
