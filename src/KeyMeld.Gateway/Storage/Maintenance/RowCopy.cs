using KeyMeld.Protocol.Errors;

namespace KeyMeld.Gateway.Storage.Maintenance;

/// <summary>Copies everything of one database into an empty one, of whatever kind, in one transaction that is kept only when every row came out of it as it went in.</summary>
internal static class RowCopy
{
    /// <param name="progress">Is told each table when it is done.</param>
    /// <returns>The schema version, and what each table holds.</returns>
    /// <exception cref="KeyMeldException">data_would_be_lost: the target is not empty. storage_failed: a row cannot be read, or came out otherwise. Nothing is in the target.</exception>
    public static async Task<(int Version, IReadOnlyList<TableDigest> Tables)> RunAsync(IRowDatabase source, IRowDatabase target, Action<TableDigest> progress)
    {
        await using var from = await source.ReadAsync();
        var version = await from.VersionAsync();
        if (version == 0)
        {
            throw new KeyMeldException(ErrorCodes.StorageFailed, $"The {source.Name} holds no KeyMeld database.");
        }
        await using (var before = await target.WriteAsync())
        {
            await RequireEmptyAsync(target, before);
        }
        await target.MigrateAsync(version, dryRun: false);
        await using var to = await target.WriteAsync();
        await RequireEmptyAsync(target, to);
        var digests = new List<TableDigest>();
        foreach (var table in StoredTables.At(version))
        {
            await to.InsertAsync(table, Checked(from.RowsAsync(table)));
            var (here, there) = (await TableDigest.OfAsync(table, from.RowsAsync(table)), await TableDigest.OfAsync(table, to.RowsAsync(table)));
            digests.Add(here == there ? here
                : throw new KeyMeldException(ErrorCodes.StorageFailed, $"Table {table.Name} came out otherwise than it went in ({there.Rows} rows of {here.Rows}); nothing was kept."));
            progress(here);
        }
        await to.CommitAsync();
        return (version, digests);
    }

    private static async Task RequireEmptyAsync(IRowDatabase database, IRowSession session)
    {
        foreach (var table in StoredTables.At(await session.VersionAsync()))
        {
            await foreach (var row in session.RowsAsync(table))
            {
                throw new KeyMeldException(ErrorCodes.DataWouldBeLost, $"The {database.Name} is not empty: table {table.Name} holds rows. Only an empty database is filled; nothing was changed.");
            }
        }
    }

    private static async IAsyncEnumerable<StoredRow> Checked(IAsyncEnumerable<StoredRow> rows)
    {
        await foreach (var row in rows)
        {
            row.RequireKinds();
            yield return row;
        }
    }
}
