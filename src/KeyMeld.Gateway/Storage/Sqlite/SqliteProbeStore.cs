namespace KeyMeld.Gateway.Storage.Sqlite;

internal sealed class SqliteProbeStore(SqliteDatabase database) : IProbeStore
{
    public Task WriteAsync() => database.WriteAsync(session => session.Execute(ProbeRow.Sql(SqliteSession.Now)));
}
