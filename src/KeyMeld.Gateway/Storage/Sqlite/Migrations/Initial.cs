using KeyMeld.Gateway.Storage.Migrations;

namespace KeyMeld.Gateway.Storage.Sqlite.Migrations;

internal static class Initial
{
    // The two tables of sealed keys are those of protocol.md section 4, column for column.
    // Nothing here is secret: ciphertext, signed statements, hashes and public keys. Erasing sets the ciphertext NULL and leaves the hashes.
    public static readonly Migration Migration = new(1, "initial", """
        CREATE TABLE enclave_master_keys (
            enclave_id INTEGER PRIMARY KEY,
            kms_encrypted_dek BLOB NOT NULL,
            encrypted_private_key BLOB NOT NULL,
            public_key BLOB NOT NULL,
            kms_key_id TEXT NOT NULL,
            key_epoch INTEGER DEFAULT 1
        );

        CREATE TABLE enclave_retired_keys (
            enclave_id INTEGER NOT NULL,
            kms_encrypted_dek BLOB NOT NULL,
            encrypted_private_key BLOB NOT NULL,
            public_key BLOB NOT NULL,
            kms_key_id TEXT NOT NULL,
            key_epoch INTEGER NOT NULL,
            PRIMARY KEY (enclave_id, key_epoch)
        );

        -- Which keys this database ever had. It outlives the rows above: a key that is missing is never made anew.
        CREATE TABLE enclave_key_history (
            enclave_id INTEGER NOT NULL,
            key_epoch INTEGER NOT NULL,
            public_key BLOB NOT NULL,
            PRIMARY KEY (enclave_id, key_epoch, public_key)
        ) STRICT;

        CREATE TRIGGER enclave_master_keys_history AFTER INSERT ON enclave_master_keys BEGIN
            INSERT OR IGNORE INTO enclave_key_history (enclave_id, key_epoch, public_key) VALUES (NEW.enclave_id, NEW.key_epoch, NEW.public_key);
        END;

        CREATE TABLE groups (
            manifest_hash BLOB PRIMARY KEY,
            state TEXT NOT NULL CHECK (state IN ('joining', 'formed', 'failed', 'expired', 'erased')),
            created_ms INTEGER NOT NULL,
            join_by_ms INTEGER,
            roster_hash BLOB UNIQUE,
            error_code TEXT,
            error_detail TEXT,
            erase_hash BLOB,
            manifest BLOB,
            manifest_signature BLOB,
            terms BLOB
        ) STRICT;
        CREATE INDEX groups_joining ON groups (state) WHERE state = 'joining';

        CREATE TABLE group_session_secrets (
            manifest_hash BLOB NOT NULL REFERENCES groups,
            enclave INTEGER NOT NULL,
            sealed BLOB NOT NULL,
            PRIMARY KEY (manifest_hash, enclave)
        ) STRICT;

        -- SHA-256(manifest hash ‖ key) of everybody who may read the group; stays when it is erased, and then says nothing else.
        CREATE TABLE group_readers (
            reader BLOB PRIMARY KEY
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE registrations (
            manifest_hash BLOB NOT NULL REFERENCES groups,
            participant INTEGER NOT NULL,
            statement_hash BLOB NOT NULL,
            statement BLOB,
            signatures BLOB,
            envelope BLOB,
            PRIMARY KEY (manifest_hash, participant)
        ) STRICT;

        CREATE TABLE receipts (
            manifest_hash BLOB NOT NULL REFERENCES groups,
            enclave INTEGER NOT NULL,
            signature BLOB NOT NULL,
            PRIMARY KEY (manifest_hash, enclave)
        ) STRICT;

        CREATE TABLE signings (
            request_hash BLOB PRIMARY KEY,
            manifest_hash BLOB NOT NULL REFERENCES groups,
            signing_id BLOB NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'completed', 'failed', 'expired', 'cancelled', 'rejected')),
            expires_ms INTEGER NOT NULL,
            attempts INTEGER NOT NULL,
            lease_owner BLOB,
            lease_until_ms INTEGER,
            error_code TEXT,
            error_detail TEXT,
            request BLOB NOT NULL,
            request_signature BLOB NOT NULL,
            result BLOB,
            items BLOB NOT NULL,
            UNIQUE (manifest_hash, signing_id)
        ) STRICT;
        CREATE INDEX signings_unfinished ON signings (manifest_hash) WHERE state IN ('waiting', 'running');

        CREATE TABLE approvals (
            request_hash BLOB NOT NULL REFERENCES signings,
            participant INTEGER NOT NULL,
            decision TEXT NOT NULL CHECK (decision IN ('approve', 'reject')),
            statement BLOB NOT NULL,
            signature BLOB NOT NULL,
            PRIMARY KEY (request_hash, participant, decision)
        ) STRICT;

        CREATE TABLE replay_nonces (
            key BLOB NOT NULL,
            nonce BLOB NOT NULL,
            expires_ms INTEGER NOT NULL,
            PRIMARY KEY (key, nonce)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX replay_nonces_expiry ON replay_nonces (expires_ms);
        """,
        """
        DROP TABLE replay_nonces;
        DROP TABLE approvals;
        DROP TABLE signings;
        DROP TABLE receipts;
        DROP TABLE registrations;
        DROP TABLE group_readers;
        DROP TABLE group_session_secrets;
        DROP TABLE groups;
        DROP TABLE enclave_key_history;
        DROP TABLE enclave_retired_keys;
        DROP TABLE enclave_master_keys;
        """)
    {
        // Used nonces too: forgotten, a call could be replayed.
        Keeps = ["enclave_master_keys", "enclave_retired_keys", "enclave_key_history", "groups", "group_readers", "signings", "replay_nonces"],
    };
}
