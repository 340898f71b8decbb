using System.Diagnostics.Metrics;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Gateway.Storage;

/// <summary>
/// Takes the time of what one store asks of its database, from the question to the answer: waiting for the writer or for a connection is part of it. Knows the store, whether it read or wrote, and
/// how that ended, which the record of writes is told; nothing of what was read or written.
/// </summary>
internal sealed class StoreClock(string store, Histogram<double>? durations, TimeProvider time, WriteRecord? writes = null)
{
    private const string Write = "write";

    /// <summary>For who measures nothing.</summary>
    public static readonly StoreClock Off = new("", null, TimeProvider.System);

    public T Read<T>(Func<T> work)
    {
        var began = time.GetTimestamp();
        Exception? failure = null;
        try
        {
            return work();
        }
        catch (Exception exception)
        {
            failure = exception;
            throw;
        }
        finally
        {
            Record("read", began, failure);
        }
    }

    public Task<T> ReadAsync<T>(Func<Task<T>> work) => TimeAsync("read", work);

    public Task<T> WriteAsync<T>(Func<Task<T>> work) => TimeAsync(Write, work);

    private async Task<T> TimeAsync<T>(string kind, Func<Task<T>> work)
    {
        var began = time.GetTimestamp();
        Exception? failure = null;
        try
        {
            return await work();
        }
        catch (Exception exception)
        {
            failure = exception;
            throw;
        }
        finally
        {
            Record(kind, began, failure);
        }
    }

    // A refusal that a job decided on is an answer of the database like any other.
    private void Record(string kind, long began, Exception? failure)
    {
        var result = failure is null or KeyMeldException { Code: not ErrorCodes.StorageFailed } ? "ok" : "failed";
        if (kind == Write)
        {
            writes?.Note(failure);
        }
        durations?.Record(time.GetElapsedTime(began).TotalSeconds, new("store", store), new("kind", kind), new("result", result));
    }
}
