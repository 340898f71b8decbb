// protocol.md sections 8 and 10: erase.
using KeyMeld.Protocol.Encoding;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Protocol.Statements;

/// <summary>Erases a group before it is formed (by its creator), or one member's envelope (by that member).</summary>
public sealed record Erase : IStatement<Erase>
{
    /// <inheritdoc/>
    public static string Type => StatementType.Erase;

    /// <summary>The group: hash of its manifest.</summary>
    public required Hash32 Manifest { get; init; }

    /// <summary>Whose envelope; null is the whole group.</summary>
    public Id16? User { get; init; }

    /// <summary>When, Unix milliseconds.</summary>
    public required long Created { get; init; }

    /// <inheritdoc/>
    public static Erase Parse(ReadOnlySpan<byte> bytes)
    {
        var reader = new StrictCborReader(bytes, Type, Limits.StatementBytes);
        var map = reader.ReadVersionedMap();
        Id16? user = reader.TryKey(ref map, "user"u8) ? reader.ReadId() : null;
        reader.Key(ref map, "created"u8);
        var created = reader.ReadTime();
        reader.Key(ref map, "manifest"u8);
        var manifest = reader.ReadHash();
        reader.EndMap(map);
        reader.End();
        return new Erase { Manifest = manifest, User = user, Created = created };
    }

    /// <inheritdoc/>
    public byte[] Encode()
    {
        Rules.Time(Created, "created");
        var encoder = new CborEncoder(96).Map(User is null ? 3 : 4).Key("v"u8).Number(1);
        if (User is { } user)
        {
            encoder.Key("user"u8).Id(user);
        }
        return Rules.Finish(encoder.Key("created"u8).Number(Created).Key("manifest"u8).Hash(Manifest));
    }
}
