// protocol.md sections 7 and 10: key.
using KeyMeld.Protocol.Encoding;
using KeyMeld.Protocol.Ids;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Statements;

/// <summary>An owner puts a single-signer key under an enclave.</summary>
public sealed record KeyStatement : IStatement<KeyStatement>
{
    /// <inheritdoc/>
    public static string Type => StatementType.Key;

    /// <summary>Drawn by the owner, distinct within <see cref="Auth"/>.</summary>
    public required Id16 Key { get; init; }

    /// <summary>The owner.</summary>
    public required Id16 User { get; init; }

    /// <summary>The key that signs this and authorises every use.</summary>
    public required XOnlyPublicKey Auth { get; init; }

    /// <summary>The enclave.</summary>
    public required EnclaveKeys Enclave { get; init; }

    /// <summary>Imported or made.</summary>
    public required KeySource Source { get; init; }

    /// <summary>SHA-256 of the sealed secret, exactly when imported.</summary>
    public Hash32? Envelope { get; init; }

    /// <summary>When, Unix milliseconds.</summary>
    public required long Created { get; init; }

    /// <inheritdoc/>
    public static KeyStatement Parse(ReadOnlySpan<byte> bytes)
    {
        var reader = new StrictCborReader(bytes, Type, Limits.StatementBytes);
        var map = reader.ReadVersionedMap();
        reader.Key(ref map, "key"u8);
        var key = reader.ReadId();
        reader.Key(ref map, "auth"u8);
        var auth = reader.ReadXOnly();
        reader.Key(ref map, "user"u8);
        var user = reader.ReadId();
        reader.Key(ref map, "source"u8);
        var source = reader.ReadSource();
        reader.Key(ref map, "created"u8);
        var created = reader.ReadTime();
        reader.Key(ref map, "enclave"u8);
        var enclave = EnclaveKeys.Read(ref reader);
        var envelope = reader.ReadOptionalHash(ref map, "envelope"u8);
        reader.EndMap(map);
        reader.End();
        var statement = new KeyStatement { Key = key, User = user, Auth = auth, Enclave = enclave, Source = source, Envelope = envelope, Created = created };
        statement.Check();
        return statement;
    }

    /// <inheritdoc/>
    public byte[] Encode()
    {
        Check();
        var encoder = new CborEncoder(320).Map(Envelope is null ? 7 : 8).Key("v"u8).Number(1);
        encoder.Key("key"u8).Id(Key).Key("auth"u8).Bytes(Auth.Bytes).Key("user"u8).Id(User).Key("source"u8).Text(Source.Text()).Key("created"u8).Number(Created);
        Enclave.Write(encoder.Key("enclave"u8));
        return Rules.Finish(encoder.OptionalHash("envelope"u8, Envelope));
    }

    private void Check()
    {
        Rules.Time(Created, "created");
        Enclave.Check();
        Rules.Require(Source != KeySource.Home, "A single-signer key is imported or made.");
        Rules.Require(Envelope is null == (Source == KeySource.Made), "There is an envelope exactly when the key is imported.");
    }
}
