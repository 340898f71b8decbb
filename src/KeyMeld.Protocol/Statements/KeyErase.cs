// protocol.md sections 8 and 10: key-erase.
using KeyMeld.Protocol.Encoding;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Protocol.Statements;

/// <summary>The owner erases a single-signer key.</summary>
public sealed record KeyErase : IStatement<KeyErase>
{
    /// <inheritdoc/>
    public static string Type => StatementType.KeyErase;

    /// <summary>SHA-256 of the key statement.</summary>
    public required Hash32 Key { get; init; }

    /// <summary>When, Unix milliseconds.</summary>
    public required long Created { get; init; }

    /// <inheritdoc/>
    public static KeyErase Parse(ReadOnlySpan<byte> bytes)
    {
        var reader = new StrictCborReader(bytes, Type, Limits.StatementBytes);
        var map = reader.ReadVersionedMap();
        reader.Key(ref map, "key"u8);
        var key = reader.ReadHash();
        reader.Key(ref map, "created"u8);
        var created = reader.ReadTime();
        reader.EndMap(map);
        reader.End();
        return new KeyErase { Key = key, Created = created };
    }

    /// <inheritdoc/>
    public byte[] Encode()
    {
        Rules.Time(Created, "created");
        return Rules.Finish(new CborEncoder(96).Map(3).Key("v"u8).Number(1).Key("key"u8).Hash(Key).Key("created"u8).Number(Created));
    }
}
