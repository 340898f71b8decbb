namespace KeyMeld.Gateway.Storage.Postgres;

internal sealed class PostgresProbeStore(PostgresDatabase database) : IProbeStore
{
    public Task WriteAsync() => database.WriteAsync(session => session.ExecuteAsync(ProbeRow.Sql(PostgresSession.Now)));
}
