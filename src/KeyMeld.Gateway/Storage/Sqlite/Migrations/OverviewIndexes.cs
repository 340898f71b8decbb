using KeyMeld.Gateway.Storage.Migrations;

namespace KeyMeld.Gateway.Storage.Sqlite.Migrations;

internal static class OverviewIndexes
{
    // What an operator is shown comes from these, however many rows there are.
    public static readonly Migration Migration = new(4, "overview indexes", """
        CREATE INDEX signings_deadlines ON signings (state, expires_ms) WHERE state IN ('waiting', 'running');
        DROP INDEX groups_joining;
        CREATE INDEX groups_joining ON groups (state, created_ms) WHERE state = 'joining';
        """,
        """
        DROP INDEX signings_deadlines;
        DROP INDEX groups_joining;
        CREATE INDEX groups_joining ON groups (state) WHERE state = 'joining';
        """);
}
