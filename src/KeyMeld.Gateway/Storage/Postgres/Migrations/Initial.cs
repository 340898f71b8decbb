using KeyMeld.Gateway.Storage.Migrations;

namespace KeyMeld.Gateway.Storage.Postgres.Migrations;

internal static class Initial
{
    // The tables of the SQLite schema, column for column. Ciphertext does not compress: it is stored as it is.
    // Nothing here is secret: ciphertext, signed statements, hashes and public keys. Erasing sets the ciphertext NULL and leaves the hashes.
    public static readonly Migration Migration = new(1, "initial", """
        CREATE TABLE enclave_master_keys (
            enclave_id bigint PRIMARY KEY,
            kms_encrypted_dek bytea NOT NULL,
            encrypted_private_key bytea NOT NULL,
            public_key bytea NOT NULL,
            kms_key_id text NOT NULL,
            key_epoch bigint NOT NULL DEFAULT 1
        );

        CREATE TABLE enclave_retired_keys (
            enclave_id bigint NOT NULL,
            kms_encrypted_dek bytea NOT NULL,
            encrypted_private_key bytea NOT NULL,
            public_key bytea NOT NULL,
            kms_key_id text NOT NULL,
            key_epoch bigint NOT NULL,
            PRIMARY KEY (enclave_id, key_epoch)
        );

        -- Which keys this database ever had. It outlives the rows above: a key that is missing is never made anew.
        CREATE TABLE enclave_key_history (
            enclave_id bigint NOT NULL,
            key_epoch bigint NOT NULL,
            public_key bytea NOT NULL,
            PRIMARY KEY (enclave_id, key_epoch, public_key)
        );

        -- The changes of one enclave's keys come one after the other, whoever makes them.
        CREATE FUNCTION lock_enclave_keys(enclave bigint) RETURNS void LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM pg_advisory_xact_lock(hashtextextended('keymeld enclave ' || enclave, 0));
        END $$;

        CREATE FUNCTION remember_enclave_key() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO enclave_key_history (enclave_id, key_epoch, public_key) VALUES (NEW.enclave_id, NEW.key_epoch, NEW.public_key) ON CONFLICT DO NOTHING;
            RETURN NULL;
        END $$;

        CREATE TRIGGER enclave_master_keys_history AFTER INSERT ON enclave_master_keys FOR EACH ROW EXECUTE FUNCTION remember_enclave_key();

        CREATE TABLE groups (
            manifest_hash bytea PRIMARY KEY,
            state text NOT NULL CHECK (state IN ('joining', 'formed', 'failed', 'expired', 'erased')),
            created_ms bigint NOT NULL,
            join_by_ms bigint,
            roster_hash bytea UNIQUE,
            error_code text,
            error_detail text,
            erase_hash bytea,
            manifest bytea,
            manifest_signature bytea,
            terms bytea
        );
        CREATE INDEX groups_joining ON groups (state) WHERE state = 'joining';

        CREATE TABLE group_session_secrets (
            manifest_hash bytea NOT NULL REFERENCES groups,
            enclave bigint NOT NULL,
            sealed bytea NOT NULL,
            PRIMARY KEY (manifest_hash, enclave)
        );

        -- SHA-256(manifest hash ‖ key) of everybody who may read the group; stays when it is erased, and then says nothing else.
        CREATE TABLE group_readers (
            reader bytea PRIMARY KEY
        );

        CREATE TABLE registrations (
            manifest_hash bytea NOT NULL REFERENCES groups,
            participant bigint NOT NULL,
            statement_hash bytea NOT NULL,
            statement bytea,
            signatures bytea,
            envelope bytea,
            PRIMARY KEY (manifest_hash, participant)
        );

        CREATE TABLE receipts (
            manifest_hash bytea NOT NULL REFERENCES groups,
            enclave bigint NOT NULL,
            signature bytea NOT NULL,
            PRIMARY KEY (manifest_hash, enclave)
        );

        CREATE TABLE signings (
            request_hash bytea PRIMARY KEY,
            manifest_hash bytea NOT NULL REFERENCES groups,
            signing_id bytea NOT NULL,
            state text NOT NULL CHECK (state IN ('waiting', 'running', 'completed', 'failed', 'expired', 'cancelled', 'rejected')),
            expires_ms bigint NOT NULL,
            attempts bigint NOT NULL,
            lease_owner bytea,
            lease_until_ms bigint,
            error_code text,
            error_detail text,
            request bytea NOT NULL,
            request_signature bytea NOT NULL,
            result bytea,
            items bytea NOT NULL,
            UNIQUE (manifest_hash, signing_id)
        );
        ALTER TABLE signings ALTER COLUMN items SET STORAGE EXTERNAL, ALTER COLUMN result SET STORAGE EXTERNAL;
        CREATE INDEX signings_unfinished ON signings (manifest_hash) WHERE state IN ('waiting', 'running');

        CREATE TABLE approvals (
            request_hash bytea NOT NULL REFERENCES signings,
            participant bigint NOT NULL,
            decision text NOT NULL CHECK (decision IN ('approve', 'reject')),
            statement bytea NOT NULL,
            signature bytea NOT NULL,
            PRIMARY KEY (request_hash, participant, decision)
        );

        CREATE TABLE replay_nonces (
            key bytea NOT NULL,
            nonce bytea NOT NULL,
            expires_ms bigint NOT NULL,
            PRIMARY KEY (key, nonce)
        );
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
        DROP FUNCTION remember_enclave_key();
        DROP FUNCTION lock_enclave_keys(bigint);
        """)
    {
        // Used nonces too: forgotten, a call could be replayed.
        Keeps = ["enclave_master_keys", "enclave_retired_keys", "enclave_key_history", "groups", "group_readers", "signings", "replay_nonces"],
    };
}
