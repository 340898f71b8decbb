using System.Collections;
using System.Data.Common;
using KeyMeld.Gateway.Configuration;
using KeyMeld.Gateway.Storage.Postgres;
using KeyMeld.Gateway.Storage.Sqlite;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Gateway.Storage.Maintenance;

/// <summary><c>KeyMeld.Gateway db …</c>: an operator's work on the database. Says what it does in JSON, one object a line; <c>keymeld db</c> runs it and shows that to people.</summary>
internal static class DbProgram
{
    private const int Broken = 1;

    /// <returns>The exit code: 1 where a check found something.</returns>
    /// <exception cref="KeyMeldException">configuration_invalid, storage_failed, database_…, data_would_be_lost, backup_invalid or bad_request; nothing was changed.</exception>
    public static async Task<int> RunAsync(DbArguments arguments, IDictionary environment, TimeProvider time, TextWriter output)
    {
        try
        {
            await using var database = Open(arguments.Config, environment, time, mayBeNew: arguments is { Action: "restore" } or { Create: true });
            return arguments.Action switch
            {
                "migrate" => await MigrateAsync(database, arguments, output),
                "check" => await CheckAsync(database, output),
                "backup" => await BackupAsync(database, arguments, time, output),
                "restore" => await RestoreAsync(database, arguments, time, output),
                _ => await CopyAsync(database, arguments, environment, time, output),
            };
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new KeyMeldException(ErrorCodes.DatabaseDenied, exception.Message, exception);
        }
        catch (Exception exception) when (exception is DbException or TimeoutException or UnreadableRowException or IOException)
        {
            throw new KeyMeldException(ErrorCodes.StorageFailed, PostgresFailures.Describe(exception), exception);
        }
    }

    // What is to be there already is never made by the way: a path that was mistyped says so.
    private static IRowDatabase Open(string config, IDictionary environment, TimeProvider time, bool mayBeNew)
    {
        switch (SettingsReader.Load(config, environment).Storage)
        {
            case StorageSettings.Sqlite file:
                SqliteFile.Require(file.Path, mayBeNew);
                return new SqliteRowDatabase(file.Path, time);
            case StorageSettings.Postgres server:
                return new PostgresRowDatabase(server, time);
            case var other:
                throw new ArgumentOutOfRangeException(nameof(config), other, null);
        }
    }

    private static async Task<int> MigrateAsync(IRowDatabase database, DbArguments arguments, TextWriter output)
    {
        var known = SqliteMigrator.All;
        var target = arguments.Version ?? known.Count;
        foreach (var step in await database.MigrateAsync(target, arguments.DryRun, arguments.Lose))
        {
            output.WriteLine(DbLineJson.Of(new DbLineJson { Step = Math.Abs(step), Name = known[Math.Abs(step) - 1].Name, Direction = step > 0 ? "up" : "down" }));
        }
        Done(output, new DbLineJson { Action = arguments.Action, Database = database.Name, Version = target, DryRun = arguments.DryRun });
        return 0;
    }

    private static async Task<int> CheckAsync(IRowDatabase database, TextWriter output)
    {
        var problems = 0;
        var (version, tables) = await DatabaseCheck.RunAsync(database, problem =>
        {
            problems++;
            output.WriteLine(DbLineJson.Of(new DbLineJson { Table = problem.Table, Row = problem.Row, Problem = problem.What }));
        });
        foreach (var (table, rows) in tables)
        {
            output.WriteLine(DbLineJson.Of(new DbLineJson { Table = table, Rows = rows }));
        }
        var behind = SqliteMigrator.All.Count - version;
        Done(output, new DbLineJson { Action = "check", Database = database.Name, Version = version, Behind = behind, Problems = problems });
        return problems == 0 && version > 0 ? 0 : Broken;
    }

    private static async Task<int> BackupAsync(IRowDatabase database, DbArguments arguments, TimeProvider time, TextWriter output)
    {
        // What is stored from now on may not be in it.
        var made = time.GetUtcNow().ToUnixTimeMilliseconds();
        var sha256 = await BackupFile.MakeAsync(database, arguments.File!, time, table => Say(output, table));
        Done(output, new DbLineJson { Action = "backup", Database = database.Name, File = arguments.File, Sha256 = sha256, Noted = await NoteAsync(database, made, arguments.File!) });
        return 0;
    }

    private static async Task<bool> NoteAsync(IRowDatabase database, long made, string file)
    {
        try
        {
            return await database.NoteBackupAsync(made);
        }
        catch (Exception exception) when (exception is DbException or TimeoutException)
        {
            throw new KeyMeldException(ErrorCodes.StorageFailed,
                $"{file} is whole, but the database did not take the note of it, so that its gateways count from the backup before: {PostgresFailures.Describe(exception)}", exception);
        }
    }

    private static async Task<int> RestoreAsync(IRowDatabase database, DbArguments arguments, TimeProvider time, TextWriter output)
    {
        await using var backup = await BackupFile.OpenAsync(arguments.File!, time);
        var (version, _) = await RowCopy.RunAsync(backup, database, table => Say(output, table));
        Done(output, new DbLineJson { Action = "restore", Database = database.Name, Version = version, File = arguments.File });
        return 0;
    }

    private static async Task<int> CopyAsync(IRowDatabase database, DbArguments arguments, IDictionary environment, TimeProvider time, TextWriter output)
    {
        await using var target = Open(arguments.ToConfig!, environment, time, mayBeNew: true);
        var (version, _) = await RowCopy.RunAsync(database, target, table => Say(output, table));
        Done(output, new DbLineJson { Action = "copy", Database = target.Name, Source = database.Name, Version = version });
        return 0;
    }

    private static void Say(TextWriter output, TableDigest table) => output.WriteLine(DbLineJson.Of(new DbLineJson { Table = table.Table, Rows = table.Rows, Sha256 = table.Sha256 }));

    private static void Done(TextWriter output, DbLineJson line) => output.WriteLine(DbLineJson.Of(line));
}
