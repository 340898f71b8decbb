using KeyMeld.Gateway.Storage.Migrations;

namespace KeyMeld.Gateway.Storage.Sqlite.Migrations;

internal static class SealedKeyGuards
{
    // What must never happen to a sealed key, held by the database itself: a row that becomes another key's, and a second key for an epoch that had one.
    public static readonly Migration Migration = new(2, "sealed_key_guards", """
        CREATE TRIGGER enclave_master_keys_same_key BEFORE UPDATE OF enclave_id, public_key ON enclave_master_keys
            WHEN NEW.enclave_id IS NOT OLD.enclave_id OR NEW.public_key IS NOT OLD.public_key BEGIN
            SELECT RAISE(ABORT, 'a sealed key is never overwritten by another');
        END;

        CREATE TRIGGER enclave_retired_keys_same_key BEFORE UPDATE OF enclave_id, public_key ON enclave_retired_keys
            WHEN NEW.enclave_id IS NOT OLD.enclave_id OR NEW.public_key IS NOT OLD.public_key BEGIN
            SELECT RAISE(ABORT, 'a sealed key is never overwritten by another');
        END;

        CREATE TRIGGER enclave_master_keys_one_key_an_epoch BEFORE INSERT ON enclave_master_keys
            WHEN EXISTS (SELECT 1 FROM enclave_key_history WHERE enclave_id = NEW.enclave_id AND key_epoch = NEW.key_epoch AND public_key <> NEW.public_key) BEGIN
            SELECT RAISE(ABORT, 'this epoch had another key; it is never made anew');
        END;

        CREATE TRIGGER enclave_retired_keys_one_key_an_epoch BEFORE INSERT ON enclave_retired_keys
            WHEN NOT EXISTS (SELECT 1 FROM enclave_key_history WHERE enclave_id = NEW.enclave_id AND key_epoch = NEW.key_epoch AND public_key = NEW.public_key) BEGIN
            SELECT RAISE(ABORT, 'only a key that was the newest can be retired');
        END;
        """,
        """
        DROP TRIGGER enclave_master_keys_same_key;
        DROP TRIGGER enclave_retired_keys_same_key;
        DROP TRIGGER enclave_master_keys_one_key_an_epoch;
        DROP TRIGGER enclave_retired_keys_one_key_an_epoch;
        """);
}
