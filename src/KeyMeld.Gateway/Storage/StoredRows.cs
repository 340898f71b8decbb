using System.Data.Common;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Gateway.Storage;

/// <summary>Reads columns strictly: a value of another type is an unreadable row, never converted.</summary>
internal static class StoredRows
{
    public static byte[] Blob(this DbDataReader reader, int column) => reader.OptionalBlob(column) ?? throw Unreadable(reader, column, "nothing");

    public static byte[]? OptionalBlob(this DbDataReader reader, int column) => reader.GetValue(column) switch
    {
        byte[] bytes => bytes,
        DBNull => null,
        var other => throw Unreadable(reader, column, other.GetType().Name),
    };

    public static long Integer(this DbDataReader reader, int column) => reader.OptionalInteger(column) ?? throw Unreadable(reader, column, "nothing");

    public static long? OptionalInteger(this DbDataReader reader, int column) => reader.GetValue(column) switch
    {
        long number => number,
        DBNull => null,
        var other => throw Unreadable(reader, column, other.GetType().Name),
    };

    public static string Text(this DbDataReader reader, int column) => reader.OptionalText(column) ?? throw Unreadable(reader, column, "nothing");

    public static string? OptionalText(this DbDataReader reader, int column) => reader.GetValue(column) switch
    {
        string text => text,
        DBNull => null,
        var other => throw Unreadable(reader, column, other.GetType().Name),
    };

    public static Hash32 Hash(this DbDataReader reader, int column)
    {
        var bytes = reader.Blob(column);
        return bytes.Length == Hash32.Size ? new Hash32(bytes) : throw Unreadable(reader, column, $"{bytes.Length} bytes");
    }

    public static Hash32? OptionalHash(this DbDataReader reader, int column) => reader.OptionalBlob(column) is null ? null : reader.Hash(column);

    public static uint Number(this DbDataReader reader, int column)
    {
        var number = reader.Integer(column);
        return number is >= 0 and <= int.MaxValue ? (uint)number : throw Unreadable(reader, column, "a number out of range");
    }

    public static StoredStatement? OptionalStatement(this DbDataReader row, int statement, int signatures) =>
        row.OptionalBlob(statement) is { } bytes ? new StoredStatement(bytes, row.Blob(signatures)) : null;

    public static StoredError? OptionalError(this DbDataReader row, int code, int detail) =>
        row.OptionalText(code) is { } text ? new StoredError(text, row.OptionalText(detail) ?? "") : null;

    private static UnreadableRowException Unreadable(DbDataReader reader, int column, string found) =>
        new($"Column {reader.GetName(column)} holds {found}.");
}
