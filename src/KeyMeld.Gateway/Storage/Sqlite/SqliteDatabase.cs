// Pragmas: sqlite.org/pragma.html. One writer, many readers: sqlite.org/wal.html.
using System.Collections.Concurrent;
using KeyMeld.Protocol.Errors;
using Microsoft.Data.Sqlite;

namespace KeyMeld.Gateway.Storage.Sqlite;

/// <summary>The file: opened by one gateway at a time, written by one connection, read by a pool.</summary>
internal sealed class SqliteDatabase : IAsyncDisposable
{
    // EWOULDBLOCK of flock.
    private const int WouldBlock = 11;

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const int PooledReaders = 16;

    private readonly string _path;
    private readonly FileStream _ownership;
    private readonly SqliteWriter _writer;
    private readonly ConcurrentBag<SqliteSession> _readers;
    private readonly StoreClock _clock;

    private SqliteDatabase(string path, FileStream ownership, SqliteWriter writer, ConcurrentBag<SqliteSession> readers, StoreClock clock) =>
        (_path, _ownership, _writer, _readers, _clock) = (path, ownership, writer, readers, clock);

    /// <summary>Opens or makes the file and brings it to the newest migration.</summary>
    /// <exception cref="KeyMeldException">storage_failed: another gateway has it, it cannot be read or written, or a newer program migrated it.</exception>
    public static SqliteDatabase Open(string path, TimeProvider time)
    {
        FileStream? ownership = null;
        SqliteSession? session = null;
        try
        {
            ownership = PrepareFiles(path);
            session = OpenSession(path, SqliteOpenMode.ReadWrite);
            session.Script("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;");
            SqliteMigrator.Run(session, time);
            // Whoever held leases is gone: this process has the file now.
            session.Execute(SqliteSigningStore.ReleaseAll);
            return new SqliteDatabase(path, ownership, new SqliteWriter(session), [], StoreClock.Off);
        }
        catch (Exception exception)
        {
            session?.Dispose();
            ownership?.Dispose();
            if (exception is SqliteException or IOException or UnauthorizedAccessException or UnreadableRowException)
            {
                throw new KeyMeldException(ErrorCodes.StorageFailed, $"The database {path} cannot be used: {exception.Message}", exception);
            }
            throw;
        }
    }

    /// <summary>The same database for one store, whose time is taken. It ends with this one.</summary>
    public SqliteDatabase Timed(StoreClock clock) => new(_path, _ownership, _writer, _readers, clock);

    /// <summary>Reads on the caller's thread; the task is over when it is there.</summary>
    public ValueTask<T> ReadAsync<T>(Func<SqliteSession, T> read)
    {
        try
        {
            return ValueTask.FromResult(_clock.Read(() => Read(read)));
        }
        catch (KeyMeldException exception)
        {
            return ValueTask.FromException<T>(exception);
        }
    }

    /// <summary>Several reads that see one and the same state.</summary>
    public ValueTask<T> ReadSnapshotAsync<T>(Func<SqliteSession, T> read) => ReadAsync(session =>
    {
        session.Execute("BEGIN");
        var result = read(session);
        session.Execute("COMMIT");
        return result;
    });

    /// <summary>Runs a job in the writer's transaction; completes once it is on disk.</summary>
    public Task<T> WriteAsync<T>(Func<SqliteSession, T> job) => _clock.WriteAsync(() => _writer.RunAsync(job));

    /// <summary>Empties the write-ahead log, so that what was deleted is in no file any more.</summary>
    public Task CheckpointAsync() => _writer.CheckpointAsync();

    public async ValueTask DisposeAsync()
    {
        await _writer.DisposeAsync();
        while (_readers.TryTake(out var session))
        {
            session.Dispose();
        }
        await _ownership.DisposeAsync();
    }

    private T Read<T>(Func<SqliteSession, T> read)
    {
        if (!_readers.TryTake(out var session))
        {
            session = OpenSession(_path, SqliteOpenMode.ReadWrite);
            session.Script("PRAGMA query_only = ON;");
        }
        try
        {
            var result = read(session);
            Return(session);
            return result;
        }
        catch (Exception exception)
        {
            session.Dispose();
            if (exception is SqliteException or UnreadableRowException)
            {
                throw new KeyMeldException(ErrorCodes.StorageFailed, $"The database could not be read: {exception.Message}", exception);
            }
            throw;
        }
    }

    private void Return(SqliteSession session)
    {
        if (_readers.Count < PooledReaders)
        {
            _readers.Add(session);
        }
        else
        {
            session.Dispose();
        }
    }

    // SQLite gives -wal and -shm the rights of the database file, so that has to exist with the right ones first.
    internal static FileStream PrepareFiles(string path)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        if (!Directory.Exists(folder))
        {
            Directory.CreateDirectory(folder, OwnerOnly | UnixFileMode.UserExecute);
        }
        var ownership = Own(path);
        using (new FileStream(path, new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, UnixCreateMode = OwnerOnly, Share = FileShare.ReadWrite }))
        {
            File.SetUnixFileMode(path, OwnerOnly);
        }
        return ownership;
    }

    private static FileStream Own(string path)
    {
        try
        {
            return new FileStream(path + ".lock", new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None, UnixCreateMode = OwnerOnly });
        }
        catch (IOException exception) when (exception.HResult == WouldBlock)
        {
            throw new IOException($"{path} is in use: a gateway, or another keymeld db, has it. Stop that first.", exception);
        }
    }

    internal static SqliteSession OpenSession(string path, SqliteOpenMode mode)
    {
        // Pooling is ours: a pooled handle of the driver would outlive the lock.
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Mode = mode, Pooling = false, ForeignKeys = true }.ToString());
        connection.Open();
        var session = new SqliteSession(connection);
        session.Script("PRAGMA busy_timeout = 5000;");
        return session;
    }
}
