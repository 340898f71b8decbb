using System.Threading.Channels;
using KeyMeld.Protocol.Errors;
using Microsoft.Data.Sqlite;

namespace KeyMeld.Gateway.Storage.Sqlite;

/// <summary>
/// The only writer. Jobs that wait together share one transaction and so one fsync; each is atomic by its savepoint, and each is answered only after the commit.
/// </summary>
internal sealed class SqliteWriter : IAsyncDisposable
{
    private const int MaxJobsInOneCommit = 256;

    private readonly SqliteSession _session;
    private readonly Channel<Job> _jobs = Channel.CreateBounded<Job>(new BoundedChannelOptions(1024) { SingleReader = true });
    private readonly Task _loop;

    public SqliteWriter(SqliteSession session)
    {
        _session = session;
        _loop = Task.Run(RunAsync);
    }

    /// <exception cref="KeyMeldException">storage_failed: nothing of the job is in the database.</exception>
    public async Task<T> RunAsync<T>(Func<SqliteSession, T> work)
    {
        var job = new Job<T>(work);
        try
        {
            await _jobs.Writer.WriteAsync(job);
        }
        catch (ChannelClosedException exception)
        {
            throw new KeyMeldException(ErrorCodes.Unavailable, "The gateway is stopping.", exception);
        }
        return await job.Done;
    }

    public async Task CheckpointAsync()
    {
        var job = new Checkpoint();
        await _jobs.Writer.WriteAsync(job);
        await job.Done;
    }

    public async ValueTask DisposeAsync()
    {
        _jobs.Writer.TryComplete();
        await _loop;
        _session.Dispose();
    }

    private async Task RunAsync()
    {
        var batch = new List<Job>(MaxJobsInOneCommit);
        while (await _jobs.Reader.WaitToReadAsync())
        {
            while (batch.Count < MaxJobsInOneCommit && _jobs.Reader.TryRead(out var job))
            {
                batch.Add(job);
            }
            Commit(batch);
            batch.Clear();
        }
    }

    private void Commit(List<Job> batch)
    {
        var changes = batch.FindAll(job => job is not Checkpoint);
        Attempt(changes, () =>
        {
            _session.Execute("BEGIN IMMEDIATE");
            changes.ForEach(RunInSavepoint);
            _session.Execute("COMMIT");
        });
        Attempt(batch.FindAll(job => job is Checkpoint), () => _session.Script("PRAGMA wal_checkpoint(TRUNCATE);"));
    }

    private void Attempt(List<Job> together, Action work)
    {
        if (together.Count == 0)
        {
            return;
        }
        try
        {
            work();
            together.ForEach(job => job.Answer());
        }
        catch (SqliteException exception)
        {
            Rollback();
            together.ForEach(job => job.Fail(new KeyMeldException(ErrorCodes.StorageFailed, "The database did not take the change; nothing was changed.", exception)));
        }
    }

    // A job that fails by itself takes back only its own changes. What SQLite fails with (disk full, I/O) ends the whole transaction.
    private void RunInSavepoint(Job job)
    {
        _session.Execute("SAVEPOINT job");
        try
        {
            job.Run(_session);
        }
        catch (Exception exception) when (exception is not SqliteException { SqliteErrorCode: not SQLitePCL.raw.SQLITE_CONSTRAINT })
        {
            _session.Execute("ROLLBACK TO job");
            job.Fail(exception is SqliteException or UnreadableRowException
                ? new KeyMeldException(ErrorCodes.StorageFailed, $"The change does not fit what is stored: {exception.Message}", exception)
                : exception);
        }
        _session.Execute("RELEASE job");
    }

    private void Rollback()
    {
        try
        {
            _session.Execute("ROLLBACK");
        }
        catch (SqliteException)
        {
            // SQLite has rolled back by itself already.
        }
    }

    private abstract class Job
    {
        public abstract void Run(SqliteSession session);

        public abstract void Answer();

        public abstract void Fail(Exception exception);
    }

    private sealed class Job<T>(Func<SqliteSession, T> work) : Job
    {
        private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private T? _result;

        public Task<T> Done => _done.Task;

        public override void Run(SqliteSession session) => _result = work(session);

        public override void Answer() => _done.TrySetResult(_result!);

        public override void Fail(Exception exception) => _done.TrySetException(exception);
    }

    private sealed class Checkpoint : Job
    {
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Done => _done.Task;

        public override void Run(SqliteSession session)
        {
        }

        public override void Answer() => _done.TrySetResult();

        public override void Fail(Exception exception) => _done.TrySetException(exception);
    }
}
