using System.Collections.Immutable;
using System.Data.Common;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Gateway.Storage;

/// <summary>Enclaves that an operator said are gone for good, and what is sealed to an enclave. Everything may fail with storage_failed.</summary>
internal interface IRetirementStore
{
    /// <summary>Enclaves that have a sealed key here, in the order of their numbers.</summary>
    ValueTask<ImmutableArray<StoredEnclave>> EnclavesAsync();

    /// <summary>Notes that an enclave with a sealed key is gone; of two notes the first stays.</summary>
    /// <returns>When it was noted, in Unix milliseconds by the database's clock; null where there is no key of it.</returns>
    Task<long?> RetireAsync(uint enclave, long groupsLost, long keysLost);

    /// <summary>Takes the note back. False where there was none.</summary>
    Task<bool> UndoAsync(uint enclave);

    /// <summary>Groups that are joining or formed, in the order of their hashes.</summary>
    /// <param name="after">Not this one nor any before.</param>
    /// <param name="most">How many of them.</param>
    ValueTask<ImmutableArray<StoredUse>> GroupsAsync(Hash32 after, int most);

    /// <summary>Keys of one owner that were not erased, in the same way.</summary>
    ValueTask<ImmutableArray<StoredUse>> KeysAsync(Hash32 after, int most);
}

/// <param name="Retired">Since when, Unix milliseconds; null while it is not.</param>
internal sealed record StoredEnclave(uint Id, long? Retired);

/// <param name="Statement">The manifest of a group, the statement of a key.</param>
internal sealed record StoredUse(Hash32 Hash, byte[] Statement);

/// <summary>What both kinds ask.</summary>
internal static class RetirementRows
{
    public const string Enclaves = $"""
        SELECT enclave_id, (SELECT retired_ms FROM enclave_retirements WHERE enclave_retirements.enclave_id = {SealedKeyRows.Newest}.enclave_id) FROM {SealedKeyRows.Newest} ORDER BY enclave_id
        """;

    public static StoredEnclave Read(DbDataReader row) => new(row.Number(0), row.OptionalInteger(1));

    public static StoredUse ReadUse(DbDataReader row) => new(row.Hash(0), row.Blob(1));

    public static string Groups(string after, string most) => $"SELECT manifest_hash, manifest FROM groups WHERE manifest_hash > {after} AND state IN ('joining', 'formed') ORDER BY manifest_hash LIMIT {most}";

    public static string Keys(string after, string most) => $"SELECT key_hash, statement FROM owned_keys WHERE key_hash > {after} AND erase_hash IS NULL ORDER BY key_hash LIMIT {most}";
}
