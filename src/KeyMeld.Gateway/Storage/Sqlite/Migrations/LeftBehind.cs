using KeyMeld.Gateway.Storage.Migrations;

namespace KeyMeld.Gateway.Storage.Sqlite.Migrations;

internal static class LeftBehind
{
    // Groups that are complete and not formed, or whose time to join is over, are found without reading the others that join.
    public static readonly Migration Migration = new(5, "left behind", """
        ALTER TABLE groups ADD COLUMN completed_ms INTEGER;
        CREATE INDEX groups_completed ON groups (completed_ms) WHERE state = 'joining' AND completed_ms IS NOT NULL;
        CREATE INDEX groups_join_by ON groups (join_by_ms) WHERE state = 'joining' AND join_by_ms IS NOT NULL;
        """, """
        DROP INDEX groups_join_by;
        DROP INDEX groups_completed;
        ALTER TABLE groups DROP COLUMN completed_ms;
        """)
    {
        Loses = [new Loss("groups.completed_ms")],
    };
}
