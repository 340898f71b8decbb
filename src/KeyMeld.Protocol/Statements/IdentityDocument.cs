// protocol.md sections 3 and 10: identity. Attested, not signed: its digest is the user_data of an attestation document.
using KeyMeld.Protocol.Encoding;
using KeyMeld.Protocol.Ids;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Statements;

/// <summary>The keys of one epoch.</summary>
/// <param name="Epoch">Which.</param>
/// <param name="Key">The identity key.</param>
/// <param name="Sign">The statement key derived from it.</param>
public sealed record EpochKeys(int Epoch, PublicKey Key, XOnlyPublicKey Sign);

/// <summary>What an enclave says it is.</summary>
public sealed record IdentityDocument
{
    private const string Tag = "KeyMeld/v1/identity";
    private const int ArnBytes = 2048;

    /// <summary>Production or development.</summary>
    public required EnclaveMode Mode { get; init; }

    /// <summary>The enclave's number, which carries no trust.</summary>
    public required int Id { get; init; }

    /// <summary>Every epoch's keys, ascending.</summary>
    public required IReadOnlyList<EpochKeys> Keys { get; init; }

    /// <summary>ARN of the KMS key in its configuration.</summary>
    public required string Kms { get; init; }

    /// <summary>SHA-256 of its configuration file.</summary>
    public required Hash32 Config { get; init; }

    /// <summary>Protocol versions it speaks.</summary>
    public required IReadOnlyList<int> Protocols { get; init; }

    /// <summary>Its software version.</summary>
    public required string Software { get; init; }

    /// <summary>Drawn at each start.</summary>
    public required Id16 Boot { get; init; }

    /// <summary>What the attestation document's <c>user_data</c> must be for these bytes.</summary>
    public static Hash32 UserData(ReadOnlySpan<byte> identity) => Hash32.Tagged(Tag, identity);

    /// <summary>Parses strictly.</summary>
    /// <exception cref="Errors.KeyMeldException"><c>statement_invalid</c>.</exception>
    public static IdentityDocument Parse(ReadOnlySpan<byte> bytes)
    {
        var reader = new StrictCborReader(bytes, "identity document", Limits.IdentityBytes);
        var map = reader.ReadVersionedMap();
        reader.Key(ref map, "id"u8);
        var id = reader.ReadInt();
        reader.Key(ref map, "kms"u8);
        var kms = reader.ReadText(ArnBytes);
        reader.Key(ref map, "boot"u8);
        var boot = reader.ReadId();
        reader.Key(ref map, "keys"u8);
        var keys = ReadKeys(ref reader);
        reader.Key(ref map, "mode"u8);
        var mode = reader.ReadMode();
        reader.Key(ref map, "config"u8);
        var config = reader.ReadHash();
        reader.Key(ref map, "purpose"u8);
        if (!reader.ReadUtf8(Limits.LabelBytes).SequenceEqual("identity"u8))
        {
            throw reader.Invalid("is not for the purpose identity");
        }
        reader.Key(ref map, "software"u8);
        var software = reader.ReadText(Limits.LabelBytes);
        reader.Key(ref map, "protocols"u8);
        var protocols = new int[reader.ReadArray(1, Limits.LabelBytes)];
        for (var i = 0; i < protocols.Length; i++)
        {
            protocols[i] = reader.ReadInt();
        }
        reader.EndMap(map);
        reader.End();
        var document = new IdentityDocument { Mode = mode, Id = id, Keys = keys, Kms = kms, Config = config, Protocols = protocols, Software = software, Boot = boot };
        document.Check();
        return document;
    }

    /// <summary>The only encoding of this document.</summary>
    /// <exception cref="Errors.KeyMeldException">It is not one that <see cref="Parse"/> accepts.</exception>
    public byte[] Encode()
    {
        Check();
        var encoder = new CborEncoder(512).Map(10).Key("v"u8).Number(1);
        encoder.Key("id"u8).Number(Id).Key("kms"u8).Text(Kms).Key("boot"u8).Id(Boot).Key("keys"u8).Array(Keys.Count);
        foreach (var keys in Keys)
        {
            encoder.Map(3).Key("key"u8).Bytes(keys.Key.Bytes).Key("sign"u8).Bytes(keys.Sign.Bytes).Key("epoch"u8).Number(keys.Epoch);
        }
        encoder.Key("mode"u8).Text(Mode.Text()).Key("config"u8).Hash(Config).Key("purpose"u8).Utf8("identity"u8).Key("software"u8).Text(Software);
        encoder.Key("protocols"u8).Array(Protocols.Count);
        foreach (var protocol in Protocols)
        {
            encoder.Number(protocol);
        }
        return Rules.Finish(encoder, Limits.IdentityBytes);
    }

    private static EpochKeys[] ReadKeys(ref StrictCborReader reader)
    {
        var keys = new EpochKeys[reader.ReadArray(1, int.MaxValue)];
        for (var i = 0; i < keys.Length; i++)
        {
            var map = reader.ReadMap();
            reader.Key(ref map, "key"u8);
            var key = reader.ReadPublicKey();
            reader.Key(ref map, "sign"u8);
            var sign = reader.ReadXOnly();
            reader.Key(ref map, "epoch"u8);
            keys[i] = new EpochKeys(reader.ReadInt(), key, sign);
            reader.EndMap(map);
        }
        return keys;
    }

    private void Check()
    {
        Rules.Number(Id, "The enclave's number");
        Rules.Require(Keys.Count > 0 && Protocols.Count > 0, "An identity has keys and protocol versions.");
        Rules.Ascending([.. Keys.Select(keys => keys.Epoch)], int.MaxValue, "epochs");
    }
}
