using KeyMeld.Gateway.Storage.Migrations;

namespace KeyMeld.Gateway.Storage.Postgres.Migrations;

internal static class EnclaveRetirements
{
    // An operator's word that an enclave is gone for good, and what was given up with it. Its sealed keys stay where they are.
    public static readonly Migration Migration = new(8, "enclave retirements", """
        CREATE TABLE enclave_retirements (
            enclave_id bigint PRIMARY KEY,
            retired_ms bigint NOT NULL,
            groups_lost bigint NOT NULL,
            keys_lost bigint NOT NULL
        );
        """,
        "DROP TABLE enclave_retirements;")
    {
        Loses = [new Loss("enclave_retirements")],
    };
}
