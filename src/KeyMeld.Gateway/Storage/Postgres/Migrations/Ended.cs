using KeyMeld.Gateway.Storage.Migrations;

namespace KeyMeld.Gateway.Storage.Postgres.Migrations;

internal static class Ended
{
    // What failed lately, whichever gateway had it, is found without reading what ended otherwise. Rows from before have no time and are not among it.
    public static readonly Migration Migration = new(7, "ended", """
        ALTER TABLE signings ADD COLUMN ended_ms bigint;
        ALTER TABLE groups ADD COLUMN ended_ms bigint;
        CREATE INDEX signings_failed ON signings (ended_ms) WHERE state IN ('failed', 'expired');
        CREATE INDEX groups_failed ON groups (ended_ms) WHERE state IN ('failed', 'expired');
        """, """
        DROP INDEX groups_failed;
        DROP INDEX signings_failed;
        ALTER TABLE groups DROP COLUMN ended_ms;
        ALTER TABLE signings DROP COLUMN ended_ms;
        """)
    {
        Loses = [new Loss("signings.ended_ms"), new Loss("groups.ended_ms")],
    };
}
