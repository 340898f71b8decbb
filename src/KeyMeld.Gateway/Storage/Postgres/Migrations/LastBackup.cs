using KeyMeld.Gateway.Storage.Migrations;

namespace KeyMeld.Gateway.Storage.Postgres.Migrations;

internal static class LastBackup
{
    // One row at most, written by the backup command: wherever it runs, every gateway of the database knows how old the newest backup is. Only a newer one replaces it.
    public static readonly Migration Migration = new(6, "last backup", """
        CREATE TABLE last_backup (
            one bigint PRIMARY KEY CHECK (one = 1),
            made_ms bigint NOT NULL
        );
        """,
        "DROP TABLE last_backup;")
    {
        Loses = [new Loss("last_backup")],
    };
}
