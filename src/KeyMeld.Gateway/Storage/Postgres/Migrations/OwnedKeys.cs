using KeyMeld.Gateway.Storage.Migrations;

namespace KeyMeld.Gateway.Storage.Postgres.Migrations;

internal static class OwnedKeys
{
    // Keys of one owner (protocol.md section 7). Erasing sets everything NULL but the hashes, the id and the public authorisation key, which are needed to know the same statement again.
    public static readonly Migration Migration = new(3, "owned keys", """
        CREATE TABLE owned_keys (
            key_hash bytea PRIMARY KEY,
            auth bytea NOT NULL,
            key_id bytea NOT NULL,
            created_ms bigint NOT NULL,
            erase_hash bytea,
            statement bytea,
            signature bytea,
            sealed bytea,
            answer bytea,
            UNIQUE (auth, key_id)
        );
        """,
        "DROP TABLE owned_keys;")
    {
        Keeps = ["owned_keys"],
    };
}
