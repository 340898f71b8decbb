using System.Globalization;
using System.Security.Cryptography;
using KeyMeld.Gateway.Storage.Sqlite;
using KeyMeld.Protocol.Errors;
using Microsoft.Data.Sqlite;

namespace KeyMeld.Gateway.Storage.Maintenance;

/// <summary>
/// A backup: a SQLite file with the tables of the schema version it was made at, whatever kind of database it is of, and two more: <c>backup_info</c> (format, version, source, time)
/// and <c>backup_tables</c> (rows and SHA-256 of each table). It restores into either kind.
/// </summary>
internal static class BackupFile
{
    private const string Format = "keymeld-backup-1";
    private const string Partial = ".partial";

    /// <summary>Makes a backup of one state of the source while others go on writing it.</summary>
    /// <returns>SHA-256 of the file.</returns>
    /// <exception cref="KeyMeldException">data_would_be_lost: the file is there. storage_failed.</exception>
    public static async Task<string> MakeAsync(IRowDatabase source, string file, TimeProvider time, Action<TableDigest> progress)
    {
        if (File.Exists(file))
        {
            throw new KeyMeldException(ErrorCodes.DataWouldBeLost, $"There is a {file} already.");
        }
        var partial = file + Partial;
        Remove(partial);
        try
        {
            var (version, tables) = await RowCopy.RunAsync(source, new SqliteRowDatabase(partial, time, wal: false), progress);
            Describe(partial, version, source, tables, time);
            File.Delete(partial + ".lock");
            File.Move(partial, file);
            await using var written = File.OpenRead(file);
            return Convert.ToHexStringLower(await SHA256.HashDataAsync(written));
        }
        finally
        {
            Remove(partial);
        }
    }

    /// <summary>Opens a backup once every table of it is as it was written.</summary>
    /// <exception cref="KeyMeldException">backup_invalid: it is none, or was changed. storage_failed: a newer program's.</exception>
    public static async Task<IRowDatabase> OpenAsync(string file, TimeProvider time)
    {
        var database = new SqliteRowDatabase(file, time, wal: false);
        try
        {
            var told = ReadDescription(file);
            await using var session = await database.ReadAsync();
            var tables = StoredTables.At(await session.VersionAsync());
            foreach (var table in tables)
            {
                if (!told.TryGetValue(table.Name, out var expected) || await TableDigest.OfAsync(table, session.RowsAsync(table)) != expected)
                {
                    throw new KeyMeldException(ErrorCodes.BackupInvalid, $"Table {table.Name} of {file} is not as it was written.");
                }
            }
            return tables.Length == told.Count ? database : throw new KeyMeldException(ErrorCodes.BackupInvalid, $"{file} is of another version than it says.");
        }
        catch (Exception exception) when (exception is SqliteException or UnreadableRowException or IOException)
        {
            throw new KeyMeldException(ErrorCodes.BackupInvalid, $"{file} is no whole backup: {exception.Message}", exception);
        }
    }

    private static void Describe(string file, int version, IRowDatabase source, IReadOnlyList<TableDigest> tables, TimeProvider time)
    {
        using var session = SqliteDatabase.OpenSession(file, SqliteOpenMode.ReadWrite);
        session.Execute("BEGIN IMMEDIATE");
        session.Script("CREATE TABLE backup_info (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT; CREATE TABLE backup_tables (name TEXT PRIMARY KEY, row_count INTEGER NOT NULL, sha256 TEXT NOT NULL) STRICT;");
        foreach (var (name, value) in ((string, string)[])
        [
            ("format", Format), ("schema_version", version.ToString(CultureInfo.InvariantCulture)), ("source", source.Name), ("made", time.GetUtcNow().ToString("u", CultureInfo.InvariantCulture)),
        ])
        {
            session.Execute("INSERT INTO backup_info (name, value) VALUES ($name, $value)", ("$name", name), ("$value", value));
        }
        foreach (var table in tables)
        {
            session.Execute("INSERT INTO backup_tables (name, row_count, sha256) VALUES ($name, $rows, $sha256)", ("$name", table.Table), ("$rows", table.Rows), ("$sha256", table.Sha256));
        }
        session.Execute("COMMIT");
    }

    private static Dictionary<string, TableDigest> ReadDescription(string file)
    {
        if (!File.Exists(file))
        {
            throw new KeyMeldException(ErrorCodes.BackupInvalid, $"There is no {file}.");
        }
        using var session = SqliteDatabase.OpenSession(file, SqliteOpenMode.ReadWrite);
        session.Script("PRAGMA query_only = ON;");
        var format = session.First("SELECT value FROM backup_info WHERE name = 'format'", row => row.Text(0));
        if (format != Format)
        {
            throw new KeyMeldException(ErrorCodes.BackupInvalid, $"{file} has the format '{format}', this program knows {Format}.");
        }
        return session.All("SELECT name, row_count, sha256 FROM backup_tables", row => new TableDigest(row.Text(0), row.Integer(1), row.Text(2))).ToDictionary(table => table.Table);
    }

    private static void Remove(string partial)
    {
        File.Delete(partial);
        File.Delete(partial + "-journal");
        File.Delete(partial + ".lock");
    }
}
