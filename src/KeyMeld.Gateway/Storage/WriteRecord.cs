using KeyMeld.Gateway.Storage.Postgres;
using KeyMeld.Protocol.Errors;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace KeyMeld.Gateway.Storage;

/// <summary>How the last write of this gateway ended, whatever store it was of: whether the database takes changes is known from that. A probe is such a write.</summary>
internal sealed class WriteRecord(TimeProvider time)
{
    private volatile State _state = new(time.GetTimestamp(), null);

    /// <summary>Told when a write failed after one that did not.</summary>
    public event Action? Failed;

    /// <summary>Why the last write failed; null where it did not.</summary>
    public string? Failure => _state.Failure;

    /// <summary>How long ago the last one ended well.</summary>
    public TimeSpan Age => time.GetElapsedTime(_state.Succeeded);

    /// <param name="failure">Null where it ended well.</param>
    public void Note(Exception? failure)
    {
        if (failure is null)
        {
            _state = new State(time.GetTimestamp(), null);
        }
        else if (IsOfTheDatabase(failure))
        {
            var before = _state;
            _state = before with { Failure = failure.InnerException is SqliteException own ? own.Message : failure.Message };
            if (before.Failure is null)
            {
                Failed?.Invoke();
            }
        }
    }

    // What a job decided on, or a rule of the schema refused, says nothing about other writes.
    private static bool IsOfTheDatabase(Exception failure) => failure is KeyMeldException { Code: ErrorCodes.StorageFailed } && failure.InnerException switch
    {
        SqliteException own => own.SqliteErrorCode != SQLitePCL.raw.SQLITE_CONSTRAINT,
        PostgresException server => !PostgresFailures.IsMisfit(server),
        UnreadableRowException => false,
        _ => true,
    };

    private sealed record State(long Succeeded, string? Failure);
}
