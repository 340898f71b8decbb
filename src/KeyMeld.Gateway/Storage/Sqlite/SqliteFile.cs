// Result codes: sqlite.org/rescode.html. The schema table: sqlite.org/schematab.html.
using KeyMeld.Protocol.Errors;
using Microsoft.Data.Sqlite;

namespace KeyMeld.Gateway.Storage.Sqlite;

/// <summary>What is at the path of a database, before anything there is made, locked or changed.</summary>
internal static class SqliteFile
{
    private const int CannotOpen = 14;
    private const int Corrupt = 11;
    private const int NoDatabase = 26;
    private const int NotAllowed = 23;
    private const int Permission = 3;
    private const int ReadOnly = 8;

    /// <param name="path">Of the file.</param>
    /// <param name="mayBeNew">Whether nothing, or an empty file, will do.</param>
    /// <exception cref="KeyMeldException">database_missing, database_empty, database_invalid (no SQLite database, a folder, another program's) or database_denied.</exception>
    public static void Require(string path, bool mayBeNew)
    {
        var isThere = IsThere(path);
        if (!isThere && !mayBeNew)
        {
            throw new KeyMeldException(ErrorCodes.DatabaseMissing, $"There is no {path}. Nothing was made.");
        }
        if (Directory.Exists(path))
        {
            throw new KeyMeldException(ErrorCodes.DatabaseInvalid, $"{path} is a folder, not the file of a database.");
        }
        if (isThere && !(new FileInfo(path).Length > 0 && HoldsTables(path)) && !mayBeNew)
        {
            throw new KeyMeldException(ErrorCodes.DatabaseEmpty, $"{path} is an empty file: no gateway ever stored anything in it, or what was in it is lost. Nothing was made.");
        }
    }

    // File.Exists says no as well where nobody may look.
    private static bool IsThere(string path)
    {
        try
        {
            _ = File.GetAttributes(path);
            return true;
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new KeyMeldException(ErrorCodes.DatabaseDenied, $"{path} cannot be looked at: this user may not enter a folder above it.", exception);
        }
    }

    private static bool HoldsTables(string path)
    {
        try
        {
            using var session = SqliteDatabase.OpenSession(path, SqliteOpenMode.ReadWrite);
            session.Script("PRAGMA query_only = ON;");
            var tables = session.All("SELECT name FROM sqlite_schema WHERE type = 'table'", row => row.Text(0));
            return tables.Count == 0 || tables.Contains("schema_migrations")
                ? tables.Count > 0
                : throw new KeyMeldException(ErrorCodes.DatabaseInvalid, $"{path} is a SQLite database of another program: it has no table schema_migrations.");
        }
        catch (SqliteException exception) when (exception.SqliteErrorCode is NoDatabase or Corrupt)
        {
            throw new KeyMeldException(ErrorCodes.DatabaseInvalid, $"{path} is no SQLite database, or its beginning is damaged: {exception.Message}", exception);
        }
        catch (SqliteException exception) when (exception.SqliteErrorCode is CannotOpen or Permission or ReadOnly or NotAllowed)
        {
            throw new KeyMeldException(ErrorCodes.DatabaseDenied, $"{path} cannot be opened: {exception.Message}", exception);
        }
    }
}
