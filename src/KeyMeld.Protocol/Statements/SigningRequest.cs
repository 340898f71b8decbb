// protocol.md sections 6 and 10: signing-request.
using KeyMeld.Protocol.Encoding;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Protocol.Statements;

/// <summary>A request to sign a batch of items; its digest D names it everywhere.</summary>
public sealed record SigningRequest : IStatement<SigningRequest>
{
    /// <inheritdoc/>
    public static string Type => StatementType.SigningRequest;

    /// <summary>ρ, the roster this request is for.</summary>
    public required Hash32 Roster { get; init; }

    /// <summary>Drawn by the requester, distinct within the roster.</summary>
    public required Id16 Signing { get; init; }

    /// <summary>Index of the requesting participant; null is the creator.</summary>
    public required int? By { get; init; }

    /// <summary>When it was made, Unix milliseconds.</summary>
    public required long Created { get; init; }

    /// <summary>Until when it may be signed, Unix milliseconds; at most 24 hours after <see cref="Created"/>.</summary>
    public required long Expires { get; init; }

    /// <summary>Number of items, up to 10,000.</summary>
    public required int Items { get; init; }

    /// <summary>The union of the items' signers, strictly ascending.</summary>
    public required IReadOnlyList<int> Signers { get; init; }

    /// <summary>SHA-256 of the session-encrypted items.</summary>
    public required Hash32 Sealed { get; init; }

    /// <inheritdoc/>
    public static SigningRequest Parse(ReadOnlySpan<byte> bytes)
    {
        var reader = new StrictCborReader(bytes, Type, Limits.StatementBytes);
        var map = reader.ReadVersionedMap();
        reader.Key(ref map, "by"u8);
        int? by = reader.IsText ? ReadCreator(ref reader) : reader.ReadInt();
        reader.Key(ref map, "items"u8);
        var items = reader.ReadInt();
        reader.Key(ref map, "roster"u8);
        var roster = reader.ReadHash();
        reader.Key(ref map, "sealed"u8);
        var sealedHash = reader.ReadHash();
        reader.Key(ref map, "created"u8);
        var created = reader.ReadTime();
        reader.Key(ref map, "expires"u8);
        var expires = reader.ReadTime();
        reader.Key(ref map, "signers"u8);
        var signers = reader.ReadIndexes(1, Limits.Participants);
        reader.Key(ref map, "signing"u8);
        var signing = reader.ReadId();
        reader.EndMap(map);
        reader.End();
        var request = new SigningRequest { Roster = roster, Signing = signing, By = by, Created = created, Expires = expires, Items = items, Signers = signers, Sealed = sealedHash };
        request.Check();
        return request;
    }

    /// <inheritdoc/>
    public byte[] Encode()
    {
        Check();
        var encoder = new CborEncoder(384).Map(9).Key("v"u8).Number(1).Key("by"u8);
        _ = By is { } index ? encoder.Number(index) : encoder.Utf8("creator"u8);
        encoder.Key("items"u8).Number(Items).Key("roster"u8).Hash(Roster).Key("sealed"u8).Hash(Sealed).Key("created"u8).Number(Created).Key("expires"u8).Number(Expires);
        encoder.Key("signers"u8).Indexes(Signers).Key("signing"u8).Id(Signing);
        return Rules.Finish(encoder);
    }

    private static int? ReadCreator(ref StrictCborReader reader) =>
        reader.ReadUtf8(Limits.LabelBytes).SequenceEqual("creator"u8) ? null : throw reader.Invalid("is by a word other than creator");

    private void Check()
    {
        Rules.Number(By ?? 0, "by");
        Rules.Lifetime(Created, Expires);
        Rules.Require(Items is >= 1 and <= Limits.Items, $"A request has 1 to {Limits.Items} items.");
        Rules.Require(Signers.Count > 0, "A request needs signers.");
        Rules.Ascending(Signers, Limits.Participants, "signers");
    }
}
