using KeyMeld.Gateway.Storage.Migrations;

namespace KeyMeld.Gateway.Storage.Sqlite.Migrations;

internal static class OwnedKeys
{
    // Keys of one owner (protocol.md section 7). Erasing sets everything NULL but the hashes, the id and the public authorisation key, which are needed to know the same statement again.
    public static readonly Migration Migration = new(3, "owned keys", """
        CREATE TABLE owned_keys (
            key_hash BLOB PRIMARY KEY,
            auth BLOB NOT NULL,
            key_id BLOB NOT NULL,
            created_ms INTEGER NOT NULL,
            erase_hash BLOB,
            statement BLOB,
            signature BLOB,
            sealed BLOB,
            answer BLOB,
            UNIQUE (auth, key_id)
        ) STRICT;
        """,
        "DROP TABLE owned_keys;")
    {
        Keeps = ["owned_keys"],
    };
}
