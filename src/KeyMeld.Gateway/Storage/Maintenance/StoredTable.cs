using System.Collections.Immutable;

namespace KeyMeld.Gateway.Storage.Maintenance;

/// <summary>What a column holds. Anything may be null.</summary>
internal enum ColumnKind
{
    Bytes,
    Integer,
    Text,
}

/// <param name="Since">The migration that made it.</param>
internal sealed record StoredColumn(string Name, ColumnKind Kind, int Since = 1);

/// <param name="Parent">The table whose key the columns name.</param>
internal sealed record StoredReference(string Column, string Parent, string ParentColumn);

/// <summary>A table as every kind of database has it.</summary>
/// <param name="Since">The migration that made it.</param>
/// <param name="Keys">How many of the first columns are the primary key, by which rows are ordered.</param>
internal sealed record StoredTable(string Name, int Since, int Keys, ImmutableArray<StoredColumn> Columns)
{
    public ImmutableArray<StoredReference> References { get; init; } = [];

    public string ColumnList => string.Join(", ", Columns.Select(column => column.Name));
}

/// <summary>Every table, parents before children, and the history of keys before the keys that it has to allow.</summary>
internal static class StoredTables
{
    private static readonly ImmutableArray<StoredTable> All =
    [
        new("enclave_key_history", 1, 3, [Integer("enclave_id"), Integer("key_epoch"), Bytes("public_key")]),
        new("enclave_retired_keys", 1, 2, [Integer("enclave_id"), Integer("key_epoch"), Bytes("public_key"), Bytes("kms_encrypted_dek"), Bytes("encrypted_private_key"), Text("kms_key_id")]),
        new("enclave_master_keys", 1, 1, [Integer("enclave_id"), Integer("key_epoch"), Bytes("public_key"), Bytes("kms_encrypted_dek"), Bytes("encrypted_private_key"), Text("kms_key_id")]),
        new("enclave_retirements", 8, 1, [Integer("enclave_id"), Integer("retired_ms"), Integer("groups_lost"), Integer("keys_lost")]),
        new("groups", 1, 1,
        [
            Bytes("manifest_hash"), Text("state"), Integer("created_ms"), Integer("join_by_ms"), Bytes("roster_hash"), Text("error_code"), Text("error_detail"), Bytes("erase_hash"),
            Bytes("manifest"), Bytes("manifest_signature"), Bytes("terms"), Integer("completed_ms", 5), Integer("ended_ms", 7),
        ]),
        new("group_session_secrets", 1, 2, [Bytes("manifest_hash"), Integer("enclave"), Bytes("sealed")]) { References = [OfGroup] },
        new("group_readers", 1, 1, [Bytes("reader")]),
        new("registrations", 1, 2, [Bytes("manifest_hash"), Integer("participant"), Bytes("statement_hash"), Bytes("statement"), Bytes("signatures"), Bytes("envelope")]) { References = [OfGroup] },
        new("receipts", 1, 2, [Bytes("manifest_hash"), Integer("enclave"), Bytes("signature")]) { References = [OfGroup] },
        new("signings", 1, 1,
        [
            Bytes("request_hash"), Bytes("manifest_hash"), Bytes("signing_id"), Text("state"), Integer("expires_ms"), Integer("attempts"), Bytes("lease_owner"), Integer("lease_until_ms"),
            Text("error_code"), Text("error_detail"), Bytes("request"), Bytes("request_signature"), Bytes("result"), Bytes("items"), Integer("ended_ms", 7),
        ]) { References = [OfGroup] },
        new("approvals", 1, 3, [Bytes("request_hash"), Integer("participant"), Text("decision"), Bytes("statement"), Bytes("signature")]) { References = [new("request_hash", "signings", "request_hash")] },
        new("replay_nonces", 1, 2, [Bytes("key"), Bytes("nonce"), Integer("expires_ms")]),
        new("owned_keys", 3, 1,
            [Bytes("key_hash"), Bytes("auth"), Bytes("key_id"), Integer("created_ms"), Bytes("erase_hash"), Bytes("statement"), Bytes("signature"), Bytes("sealed"), Bytes("answer")]),
    ];

    private static StoredReference OfGroup => new("manifest_hash", "groups", "manifest_hash");

    /// <summary>
    /// What is of this database alone, so that nothing of it is copied: what gateways on one server tell each other while a signing runs (nothing of it outlives the signing), of which moment
    /// its newest backup is, and when a gateway last wrote for the sake of it.
    /// </summary>
    public static readonly ImmutableArray<string> Passing = ["signing_rounds", "signing_round_posts", "last_backup", "write_probe"];

    /// <summary>The tables of a schema version.</summary>
    public static ImmutableArray<StoredTable> At(int version) =>
        [.. All.Where(table => table.Since <= version).Select(table => table with { Columns = [.. table.Columns.Where(column => column.Since <= version)] })];

    private static StoredColumn Bytes(string name) => new(name, ColumnKind.Bytes);

    private static StoredColumn Integer(string name, int since = 1) => new(name, ColumnKind.Integer, since);

    private static StoredColumn Text(string name) => new(name, ColumnKind.Text);
}
