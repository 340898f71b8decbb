using KeyMeld.Gateway.Storage.Migrations;

namespace KeyMeld.Gateway.Storage.Postgres.Migrations;

internal static class SealedKeyGuards
{
    // What must never happen to a sealed key, held by the database itself: a row that becomes another key's, and a second key for an epoch that had one.
    public static readonly Migration Migration = new(2, "sealed_key_guards", """
        CREATE FUNCTION refuse_another_enclave_key() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'a sealed key is never overwritten by another';
        END $$;

        CREATE TRIGGER enclave_master_keys_same_key BEFORE UPDATE ON enclave_master_keys FOR EACH ROW
            WHEN (NEW.enclave_id IS DISTINCT FROM OLD.enclave_id OR NEW.public_key IS DISTINCT FROM OLD.public_key) EXECUTE FUNCTION refuse_another_enclave_key();

        CREATE TRIGGER enclave_retired_keys_same_key BEFORE UPDATE ON enclave_retired_keys FOR EACH ROW
            WHEN (NEW.enclave_id IS DISTINCT FROM OLD.enclave_id OR NEW.public_key IS DISTINCT FROM OLD.public_key) EXECUTE FUNCTION refuse_another_enclave_key();

        -- The lock is held to the end of the transaction: what another one adds meanwhile is seen by the next statement.
        CREATE FUNCTION require_one_enclave_key_an_epoch() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM lock_enclave_keys(NEW.enclave_id);
            IF EXISTS (SELECT 1 FROM enclave_key_history WHERE enclave_id = NEW.enclave_id AND key_epoch = NEW.key_epoch AND public_key <> NEW.public_key) THEN
                RAISE EXCEPTION 'this epoch had another key; it is never made anew';
            END IF;
            RETURN NEW;
        END $$;

        CREATE TRIGGER enclave_master_keys_one_key_an_epoch BEFORE INSERT ON enclave_master_keys FOR EACH ROW EXECUTE FUNCTION require_one_enclave_key_an_epoch();

        CREATE FUNCTION require_enclave_key_was_newest() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NOT EXISTS (SELECT 1 FROM enclave_key_history WHERE enclave_id = NEW.enclave_id AND key_epoch = NEW.key_epoch AND public_key = NEW.public_key) THEN
                RAISE EXCEPTION 'only a key that was the newest can be retired';
            END IF;
            RETURN NEW;
        END $$;

        CREATE TRIGGER enclave_retired_keys_one_key_an_epoch BEFORE INSERT ON enclave_retired_keys FOR EACH ROW EXECUTE FUNCTION require_enclave_key_was_newest();
        """,
        """
        DROP TRIGGER enclave_master_keys_same_key ON enclave_master_keys;
        DROP TRIGGER enclave_retired_keys_same_key ON enclave_retired_keys;
        DROP TRIGGER enclave_master_keys_one_key_an_epoch ON enclave_master_keys;
        DROP TRIGGER enclave_retired_keys_one_key_an_epoch ON enclave_retired_keys;
        DROP FUNCTION refuse_another_enclave_key();
        DROP FUNCTION require_one_enclave_key_an_epoch();
        DROP FUNCTION require_enclave_key_was_newest();
        """);
}
