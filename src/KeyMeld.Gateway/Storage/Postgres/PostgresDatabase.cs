// Transactions: postgresql.org/docs, "Transaction Isolation", "Explicit Locking" and pg_xact_status in "System Information Functions".
using System.Data;
using KeyMeld.Protocol.Errors;
using Npgsql;

namespace KeyMeld.Gateway.Storage.Postgres;

/// <summary>
/// A database on a server, shared with other gateways. Each change is one transaction at READ COMMITTED that first locks the row it decides on; what is read of several rows is one snapshot.
/// A connection that breaks is storage_failed with nothing changed, unless the server says afterwards that the commit had gone through.
/// </summary>
internal sealed class PostgresDatabase(NpgsqlDataSource source, StoreClock? clock = null) : IAsyncDisposable
{
    private const int MaxTries = 5;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly StoreClock _clock = clock ?? StoreClock.Off;

    /// <summary>Where connections come from, also for who listens.</summary>
    public NpgsqlDataSource Source => source;

    /// <summary>The same database for one store, whose time is taken. It ends with this one.</summary>
    public PostgresDatabase Timed(StoreClock clock) => new(source, clock);

    /// <summary>One read. A connection that the server ended in the meantime is replaced, once.</summary>
    /// <exception cref="KeyMeldException">storage_failed.</exception>
    public ValueTask<T> ReadAsync<T>(Func<PostgresSession, Task<T>> read) => new(_clock.ReadAsync(() => GuardAsync("could not be read", () => OnConnectionAsync(connection => read(new PostgresSession(connection))))));

    /// <summary>Several reads that see one and the same state.</summary>
    /// <exception cref="KeyMeldException">storage_failed.</exception>
    public ValueTask<T> ReadSnapshotAsync<T>(Func<PostgresSession, Task<T>> read) => new(_clock.ReadAsync(() => GuardAsync("could not be read", () => OnConnectionAsync(async connection =>
    {
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead);
        var result = await read(new PostgresSession(connection));
        await transaction.CommitAsync();
        return result;
    }))));

    /// <summary>Runs a job in a transaction; completes once it is committed. The job may run again where nothing of it was kept.</summary>
    /// <exception cref="KeyMeldException">storage_failed: nothing of the job is in the database, or the server stayed away and cannot be asked.</exception>
    public Task<T> WriteAsync<T>(Func<PostgresSession, Task<T>> job) =>
        _clock.WriteAsync(() => GuardAsync("did not take the change; nothing was changed", () => OnConnectionAsync(connection => TransactAsync(connection, job))));

    public ValueTask DisposeAsync() => source.DisposeAsync();

    private async Task<T> TransactAsync<T>(NpgsqlConnection connection, Func<PostgresSession, Task<T>> job)
    {
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.ReadCommitted);
        var session = new PostgresSession(connection, writes: true);
        var result = await job(session);
        await session.FlushAsync();
        try
        {
            await transaction.CommitAsync();
            return result;
        }
        catch (NpgsqlException exception) when (PostgresFailures.IsUnanswered(exception))
        {
            return await IsCommittedAsync(session.TransactionId)
                ? result
                : throw new KeyMeldException(ErrorCodes.StorageFailed, "The connection to the database broke before the change was committed; nothing was changed.", exception);
        }
    }

    private async Task<T> OnConnectionAsync<T>(Func<NpgsqlConnection, Task<T>> work)
    {
        for (var tries = 1; ; tries++)
        {
            // Outside of what is tried again: a server that is away is its caller's to wait for.
            await using var connection = await source.OpenConnectionAsync();
            try
            {
                return await work(connection);
            }
            catch (NpgsqlException exception) when (tries < MaxTries && (PostgresFailures.IsLost(exception) || PostgresFailures.IsConflict(exception)))
            {
                // A connection of the pool that the server ended, or a transaction that another one stood in the way of: nothing of it was kept.
            }
        }
    }

    // Still "in progress" means that the server has not seen yet that the connection is gone.
    private async Task<bool> IsCommittedAsync(string? transaction)
    {
        for (var tries = 0; transaction is not null && tries < MaxTries; tries++)
        {
            await Task.Delay(Pause);
            try
            {
                await using var connection = await source.OpenConnectionAsync();
                var status = await new PostgresSession(connection).FirstAsync("SELECT coalesce(pg_xact_status($1::text::xid8), '')", row => row.GetString(0), transaction);
                if (status != "in progress")
                {
                    return status == "committed";
                }
            }
            catch (NpgsqlException exception) when (PostgresFailures.IsUnanswered(exception))
            {
            }
        }
        throw new KeyMeldException(ErrorCodes.StorageFailed, "The connection to the database broke while the change was committed, and it cannot be asked whether it was.");
    }

    private static async Task<T> GuardAsync<T>(string what, Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (PostgresException exception) when (PostgresFailures.IsMisfit(exception))
        {
            throw new KeyMeldException(ErrorCodes.StorageFailed, $"The change does not fit what is stored: {exception.MessageText}", exception);
        }
        catch (UnreadableRowException exception)
        {
            throw new KeyMeldException(ErrorCodes.StorageFailed, $"The database {what}: {exception.Message}", exception);
        }
        catch (Exception exception) when (exception is NpgsqlException or TimeoutException)
        {
            throw new KeyMeldException(ErrorCodes.StorageFailed, $"The database {what}: {PostgresFailures.Describe(exception)}", exception);
        }
        catch (ObjectDisposedException exception)
        {
            throw new KeyMeldException(ErrorCodes.Unavailable, "The gateway is stopping.", exception);
        }
    }
}
