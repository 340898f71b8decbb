using System.Data.Common;

namespace KeyMeld.Gateway.Storage;

/// <summary>The row of a key of one owner, whatever database it is of.</summary>
internal static class KeyRows
{
    public const string Columns = "key_hash, auth, statement, signature, sealed, answer, erase_hash";

    public static KeyRecord Read(DbDataReader row)
    {
        var record = new KeyRecord(row.Hash(0), row.Blob(1), row.OptionalStatement(2, 3), row.OptionalBlob(4), row.OptionalBlob(5), row.OptionalHash(6));
        return record.IsErased == (record.Statement is null) && record.IsErased == (record.Sealed is null) && record.IsErased == (record.Answer is null)
            ? record
            : throw new UnreadableRowException("A key has neither all it needs nor was it erased.");
    }
}
