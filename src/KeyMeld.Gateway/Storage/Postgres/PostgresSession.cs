using System.Data.Common;
using Npgsql;

namespace KeyMeld.Gateway.Storage.Postgres;

/// <summary>
/// One connection while it is somebody's. Statements whose answer nobody needs wait and go with the next one in one round trip. A writing session learns the transaction's id with its
/// first statement, so that a commit whose answer is lost can be asked after.
/// </summary>
internal sealed class PostgresSession(NpgsqlConnection connection, bool writes = false)
{
    /// <summary>The server's time, in Unix milliseconds, as SQL: the same for all of its gateways.</summary>
    public const string Now = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint";

    private const string AskTransaction = "SELECT pg_current_xact_id()::text";

    private readonly List<(string Sql, NpgsqlParameter[] Values)> _waiting = [];

    /// <summary>Of a writing session that has run a statement.</summary>
    public string? TransactionId { get; private set; }

    /// <summary>Runs a statement together with the next.</summary>
    public void Queue(string sql, params ReadOnlySpan<PostgresValue> values) => _waiting.Add((sql, Parameters(values)));

    /// <summary>Runs a statement and returns how many rows it changed.</summary>
    public Task<int> ExecuteAsync(string sql, params ReadOnlySpan<PostgresValue> values) => RunAsync(Batch(sql, Parameters(values)));

    /// <summary>Runs what waits.</summary>
    public async Task FlushAsync()
    {
        if (_waiting.Count > 0)
        {
            var (sql, values) = _waiting[^1];
            _waiting.RemoveAt(_waiting.Count - 1);
            await RunAsync(Batch(sql, values));
        }
    }

    public async Task<T?> FirstAsync<T>(string sql, Func<DbDataReader, T> read, PostgresValue value)
        where T : class
    {
        var rows = await AllAsync(sql, read, value);
        return rows.Count > 0 ? rows[0] : null;
    }

    public Task<List<T>> AllAsync<T>(string sql, Func<DbDataReader, T> read, params ReadOnlySpan<PostgresValue> values) => ReadAsync(Batch(sql, Parameters(values)), read);

    public async Task<bool> ExistsAsync(string sql, PostgresValue value) => (await AllAsync(sql, _ => true, value)).Count > 0;

    public Task<bool> ExistsAsync(string sql, PostgresValue first, PostgresValue second) => AnyAsync(Batch(sql, Parameters([first, second])));

    private async Task<bool> AnyAsync(NpgsqlBatch batch) => (await ReadAsync(batch, _ => true)).Count > 0;

    private async Task<int> RunAsync(NpgsqlBatch batch)
    {
        await using (batch)
        {
            await using var reader = await batch.ExecuteReaderAsync();
            await NoteTransactionAsync(reader, batch);
            while (await reader.NextResultAsync())
            {
            }
            return (int)batch.BatchCommands[^1].RecordsAffected;
        }
    }

    private async Task<List<T>> ReadAsync<T>(NpgsqlBatch batch, Func<DbDataReader, T> read)
    {
        await using (batch)
        {
            var rows = new List<T>();
            await using var reader = await batch.ExecuteReaderAsync();
            await NoteTransactionAsync(reader, batch);
            // Only a SELECT has rows to step over.
            for (var index = 0; index < batch.BatchCommands.Count - 1; index++)
            {
                if (IsSelect(batch.BatchCommands[index].CommandText))
                {
                    await reader.NextResultAsync();
                }
            }
            while (await reader.ReadAsync())
            {
                rows.Add(read(reader));
            }
            while (await reader.NextResultAsync())
            {
            }
            return rows;
        }
    }

    private NpgsqlBatch Batch(string sql, NpgsqlParameter[] values)
    {
        var batch = new NpgsqlBatch(connection);
        if (writes && TransactionId is null)
        {
            Add(batch, AskTransaction, []);
        }
        foreach (var (waiting, waitingValues) in _waiting)
        {
            Add(batch, waiting, waitingValues);
        }
        _waiting.Clear();
        Add(batch, sql, values);
        return batch;
    }

    private async Task NoteTransactionAsync(NpgsqlDataReader reader, NpgsqlBatch batch)
    {
        if (batch.BatchCommands[0].CommandText == AskTransaction && await reader.ReadAsync())
        {
            TransactionId = reader.GetString(0);
        }
    }

    private static void Add(NpgsqlBatch batch, string sql, NpgsqlParameter[] values)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var value in values)
        {
            command.Parameters.Add(value);
        }
        batch.BatchCommands.Add(command);
    }

    private static bool IsSelect(string sql) => sql.StartsWith("SELECT", StringComparison.Ordinal);

    private static NpgsqlParameter[] Parameters(ReadOnlySpan<PostgresValue> values)
    {
        var parameters = new NpgsqlParameter[values.Length];
        for (var index = 0; index < values.Length; index++)
        {
            parameters[index] = values[index].ToParameter();
        }
        return parameters;
    }
}
