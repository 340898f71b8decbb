// protocol.md sections 7 and 10: single-sign and the plaintext of its blob.
using KeyMeld.Protocol.Encoding;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Protocol.Statements;

/// <summary>The owner has a single-signer key sign one message, which is in the sealed blob.</summary>
public sealed record SingleSign : IStatement<SingleSign>
{
    /// <inheritdoc/>
    public static string Type => StatementType.SingleSign;

    /// <summary>SHA-256 of the key statement.</summary>
    public required Hash32 Key { get; init; }

    /// <summary>Drawn by the owner.</summary>
    public required Id16 Request { get; init; }

    /// <summary>When it was made, Unix milliseconds.</summary>
    public required long Created { get; init; }

    /// <summary>Until when it may be signed, Unix milliseconds; at most 24 hours after <see cref="Created"/>.</summary>
    public required long Expires { get; init; }

    /// <summary>How to sign.</summary>
    public required SingleSignAlgorithm Algorithm { get; init; }

    /// <summary>SHA-256 of the HPKE blob.</summary>
    public required Hash32 Sealed { get; init; }

    /// <inheritdoc/>
    public static SingleSign Parse(ReadOnlySpan<byte> bytes)
    {
        var reader = new StrictCborReader(bytes, Type, Limits.StatementBytes);
        var map = reader.ReadVersionedMap();
        reader.Key(ref map, "key"u8);
        var key = reader.ReadHash();
        reader.Key(ref map, "sealed"u8);
        var sealedHash = reader.ReadHash();
        reader.Key(ref map, "created"u8);
        var created = reader.ReadTime();
        reader.Key(ref map, "expires"u8);
        var expires = reader.ReadTime();
        reader.Key(ref map, "request"u8);
        var request = reader.ReadId();
        reader.Key(ref map, "algorithm"u8);
        var algorithm = reader.ReadAlgorithm();
        reader.EndMap(map);
        reader.End();
        var statement = new SingleSign { Key = key, Request = request, Created = created, Expires = expires, Algorithm = algorithm, Sealed = sealedHash };
        Rules.Lifetime(created, expires);
        return statement;
    }

    /// <inheritdoc/>
    public byte[] Encode()
    {
        Rules.Lifetime(Created, Expires);
        var encoder = new CborEncoder(192).Map(7).Key("v"u8).Number(1);
        encoder.Key("key"u8).Hash(Key).Key("sealed"u8).Hash(Sealed).Key("created"u8).Number(Created).Key("expires"u8).Number(Expires);
        return Rules.Finish(encoder.Key("request"u8).Id(Request).Key("algorithm"u8).Text(Algorithm.Text()));
    }
}
