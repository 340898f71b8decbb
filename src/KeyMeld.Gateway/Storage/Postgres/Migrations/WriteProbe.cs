using KeyMeld.Gateway.Storage.Migrations;

namespace KeyMeld.Gateway.Storage.Postgres.Migrations;

internal static class WriteProbe
{
    // One row that gateways write when they write nothing else, to know whether the database takes changes.
    public static readonly Migration Migration = new(9, "write probe", """
        CREATE TABLE write_probe (
            one bigint PRIMARY KEY CHECK (one = 1),
            written_ms bigint NOT NULL
        );
        """,
        "DROP TABLE write_probe;");
}
