// protocol.md sections 6 and 10: approval.
using KeyMeld.Protocol.Encoding;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Protocol.Statements;

/// <summary>A participant's decision about one request.</summary>
public sealed record Approval : IStatement<Approval>
{
    /// <inheritdoc/>
    public static string Type => StatementType.Approval;

    /// <summary>D, the request.</summary>
    public required Hash32 Request { get; init; }

    /// <summary>Who decides.</summary>
    public required Id16 User { get; init; }

    /// <summary>What they decide.</summary>
    public required Decision Decision { get; init; }

    /// <summary>When, Unix milliseconds.</summary>
    public required long Created { get; init; }

    /// <inheritdoc/>
    public static Approval Parse(ReadOnlySpan<byte> bytes)
    {
        var reader = new StrictCborReader(bytes, Type, Limits.StatementBytes);
        var map = reader.ReadVersionedMap();
        reader.Key(ref map, "user"u8);
        var user = reader.ReadId();
        reader.Key(ref map, "created"u8);
        var created = reader.ReadTime();
        reader.Key(ref map, "request"u8);
        var request = reader.ReadHash();
        reader.Key(ref map, "decision"u8);
        var decision = reader.ReadDecision();
        reader.EndMap(map);
        reader.End();
        return new Approval { Request = request, User = user, Decision = decision, Created = created };
    }

    /// <inheritdoc/>
    public byte[] Encode()
    {
        Rules.Time(Created, "created");
        var encoder = new CborEncoder(128).Map(5).Key("v"u8).Number(1);
        encoder.Key("user"u8).Id(User).Key("created"u8).Number(Created).Key("request"u8).Hash(Request).Key("decision"u8).Text(Decision.Text());
        return Rules.Finish(encoder);
    }
}
