using System.Buffers.Binary;
using System.Data.Common;
using System.Security.Cryptography;
using System.Text;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Gateway.Storage.Maintenance;

/// <summary>One row of a table, its values byte[], long, string or null, in the order of the table's columns.</summary>
internal sealed record StoredRow(StoredTable Table, object?[] Values)
{
    public byte[] Bytes(string column) => OptionalBytes(column) ?? throw Missing(column);

    public byte[]? OptionalBytes(string column) => (byte[]?)Value(column);

    public long Integer(string column) => (long)(Value(column) ?? throw Missing(column));

    public string Text(string column) => (string)(Value(column) ?? throw Missing(column));

    public Hash32 Hash(string column) => Bytes(column) is { Length: Hash32.Size } bytes ? new Hash32(bytes) : throw new UnreadableRowException($"Column {column} is no hash.");

    /// <summary>The primary key, to name the row by.</summary>
    public string Name => string.Join('/', Values.Take(Table.Keys).Select(value => value is byte[] bytes ? Convert.ToHexStringLower(bytes) : Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture)));

    /// <summary>Reads whatever is there, so that a row that is wrong can be named; <see cref="RequireKinds"/> looks at it.</summary>
    public static StoredRow Read(StoredTable table, DbDataReader reader)
    {
        var values = new object?[table.Columns.Length];
        for (var index = 0; index < values.Length; index++)
        {
            values[index] = reader.IsDBNull(index) ? null : reader.GetValue(index);
        }
        return new StoredRow(table, values);
    }

    /// <exception cref="UnreadableRowException">A value is of another kind than its column.</exception>
    public void RequireKinds()
    {
        for (var index = 0; index < Values.Length; index++)
        {
            var column = Table.Columns[index];
            var fits = Values[index] switch
            {
                null => index >= Table.Keys,
                byte[] => column.Kind == ColumnKind.Bytes,
                long => column.Kind == ColumnKind.Integer,
                string => column.Kind == ColumnKind.Text,
                _ => false,
            };
            if (!fits)
            {
                throw new UnreadableRowException($"{Table.Name} {Name}: column {column.Name} holds {Values[index]?.GetType().Name ?? "nothing"}.");
            }
        }
    }

    /// <summary>Adds the row to a digest, each value with its kind and length, so that no two rows read the same.</summary>
    public void AddTo(IncrementalHash hash)
    {
        Span<byte> head = stackalloc byte[1 + sizeof(long)];
        foreach (var value in Values)
        {
            var content = value is string text ? Encoding.UTF8.GetBytes(text) : value as byte[] ?? [];
            head[0] = value switch { null => 0, long => 1, byte[] => 2, _ => 3 };
            BinaryPrimitives.WriteInt64BigEndian(head[1..], value is long number ? number : content.Length);
            hash.AppendData(head);
            hash.AppendData(content);
        }
    }

    private object? Value(string column)
    {
        for (var index = 0; index < Values.Length; index++)
        {
            if (Table.Columns[index].Name == column)
            {
                return Values[index];
            }
        }
        throw new ArgumentException($"{Table.Name} has no column {column}.", nameof(column));
    }

    private static UnreadableRowException Missing(string column) => new($"Column {column} holds nothing.");
}

/// <summary>What a table holds: how many rows, and SHA-256 over all of them in the order of their keys. The same on every kind of database.</summary>
internal sealed record TableDigest(string Table, long Rows, string Sha256)
{
    /// <param name="rows">The rows in the order of their keys.</param>
    /// <param name="seen">Is told each row.</param>
    public static async Task<TableDigest> OfAsync(StoredTable table, IAsyncEnumerable<StoredRow> rows, Action<StoredRow>? seen = null)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        long count = 0;
        await foreach (var row in rows)
        {
            row.RequireKinds();
            row.AddTo(hash);
            seen?.Invoke(row);
            count++;
        }
        return new TableDigest(table.Name, count, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }
}
