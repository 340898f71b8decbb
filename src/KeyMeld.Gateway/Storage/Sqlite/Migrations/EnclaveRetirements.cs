using KeyMeld.Gateway.Storage.Migrations;

namespace KeyMeld.Gateway.Storage.Sqlite.Migrations;

internal static class EnclaveRetirements
{
    // An operator's word that an enclave is gone for good, and what was given up with it. Its sealed keys stay where they are.
    public static readonly Migration Migration = new(8, "enclave retirements", """
        CREATE TABLE enclave_retirements (
            enclave_id INTEGER PRIMARY KEY,
            retired_ms INTEGER NOT NULL,
            groups_lost INTEGER NOT NULL,
            keys_lost INTEGER NOT NULL
        ) STRICT;
        """,
        "DROP TABLE enclave_retirements;")
    {
        Loses = [new Loss("enclave_retirements")],
    };
}
