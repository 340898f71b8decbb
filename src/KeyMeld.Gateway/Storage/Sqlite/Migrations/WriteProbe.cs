using KeyMeld.Gateway.Storage.Migrations;

namespace KeyMeld.Gateway.Storage.Sqlite.Migrations;

internal static class WriteProbe
{
    // One row that gateways write when they write nothing else, to know whether the database takes changes.
    public static readonly Migration Migration = new(9, "write probe", """
        CREATE TABLE write_probe (
            one INTEGER PRIMARY KEY CHECK (one = 1),
            written_ms INTEGER NOT NULL
        ) STRICT;
        """,
        "DROP TABLE write_probe;");
}
