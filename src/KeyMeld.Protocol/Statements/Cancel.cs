// protocol.md sections 8 and 10: cancel.
using KeyMeld.Protocol.Encoding;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Protocol.Statements;

/// <summary>The requester takes a request back.</summary>
public sealed record Cancel : IStatement<Cancel>
{
    /// <inheritdoc/>
    public static string Type => StatementType.Cancel;

    /// <summary>D, the request.</summary>
    public required Hash32 Request { get; init; }

    /// <summary>When, Unix milliseconds.</summary>
    public required long Created { get; init; }

    /// <inheritdoc/>
    public static Cancel Parse(ReadOnlySpan<byte> bytes)
    {
        var reader = new StrictCborReader(bytes, Type, Limits.StatementBytes);
        var map = reader.ReadVersionedMap();
        reader.Key(ref map, "created"u8);
        var created = reader.ReadTime();
        reader.Key(ref map, "request"u8);
        var request = reader.ReadHash();
        reader.EndMap(map);
        reader.End();
        return new Cancel { Request = request, Created = created };
    }

    /// <inheritdoc/>
    public byte[] Encode()
    {
        Rules.Time(Created, "created");
        return Rules.Finish(new CborEncoder(96).Map(3).Key("v"u8).Number(1).Key("created"u8).Number(Created).Key("request"u8).Hash(Request));
    }
}
