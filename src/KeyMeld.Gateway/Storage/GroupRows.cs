using System.Data.Common;
using System.Security.Cryptography;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Gateway.Storage;

/// <summary>A group's rows, whatever database they are of.</summary>
internal static class GroupRows
{
    public const string GroupColumns = "state, manifest, manifest_signature, terms, roster_hash, error_code, error_detail, erase_hash";
    public const string RegistrationColumns = "participant, statement_hash, statement, signatures, envelope";

    public static GroupRecord ReadGroup(DbDataReader row, Hash32 group) => new(
        group,
        StateWords.Group(row.Text(0)),
        row.OptionalStatement(1, 2),
        row.OptionalBlob(3),
        [],
        [],
        [],
        row.OptionalHash(4),
        row.OptionalError(5, 6),
        row.OptionalHash(7));

    public static StoredRegistration ReadRegistration(DbDataReader row) =>
        new((int)row.Number(0), row.Hash(1), row.OptionalStatement(2, 3), row.OptionalBlob(4));

    public static StoredReceipt ReadReceipt(DbDataReader row) => new((int)row.Number(0), row.Blob(1));

    /// <summary>SHA-256(manifest hash ‖ key), which is what stays of who may read a group.</summary>
    public static byte[] ReaderOf(Hash32 group, ReadOnlySpan<byte> key) => SHA256.HashData([.. group.Bytes, .. key]);
}
