// protocol.md sections 5 and 10: registration.
using KeyMeld.Protocol.Encoding;
using KeyMeld.Protocol.Ids;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Statements;

/// <summary>How a participant takes its place; signed by the admission key, which admits, and by the authorisation key, which consents.</summary>
public sealed record Registration : IStatement<Registration>
{
    /// <summary>Bytes of <see cref="MemberKey"/>: version, nonce, 33-byte key, 64-byte proof, tag.</summary>
    public const int MemberKeySize = 1 + 12 + PublicKey.Size + SchnorrSignature.Size + 16;

    /// <inheritdoc/>
    public static string Type => StatementType.Registration;

    /// <summary>The group: hash of its manifest.</summary>
    public required Hash32 Manifest { get; init; }

    /// <summary>The place: the user the manifest names there.</summary>
    public required Id16 User { get; init; }

    /// <summary>The key that authorises requests and approvals from now on.</summary>
    public required XOnlyPublicKey Auth { get; init; }

    /// <summary>Whether this member must approve every request it signs.</summary>
    public required bool Approval { get; init; }

    /// <summary>Where the member key comes from.</summary>
    public required KeySource Source { get; init; }

    /// <summary>Member public key and proof of possession, session-encrypted.</summary>
    public required ReadOnlyMemory<byte> MemberKey { get; init; }

    /// <summary>SHA-256 of the sealed member secret; absent exactly for a key kept at home.</summary>
    public Hash32? Envelope { get; init; }

    /// <inheritdoc/>
    public static Registration Parse(ReadOnlySpan<byte> bytes)
    {
        var reader = new StrictCborReader(bytes, Type, Limits.StatementBytes);
        var map = reader.ReadVersionedMap();
        reader.Key(ref map, "auth"u8);
        var auth = reader.ReadXOnly();
        reader.Key(ref map, "user"u8);
        var user = reader.ReadId();
        reader.Key(ref map, "source"u8);
        var source = reader.ReadSource();
        reader.Key(ref map, "approval"u8);
        var approval = reader.ReadBoolean();
        var envelope = reader.ReadOptionalHash(ref map, "envelope"u8);
        reader.Key(ref map, "manifest"u8);
        var manifest = reader.ReadHash();
        reader.Key(ref map, "member_key"u8);
        var memberKey = reader.ReadBytes(MemberKeySize).ToArray();
        reader.EndMap(map);
        reader.End();
        var registration = new Registration { Manifest = manifest, User = user, Auth = auth, Approval = approval, Source = source, MemberKey = memberKey, Envelope = envelope };
        registration.Check();
        return registration;
    }

    /// <inheritdoc/>
    public byte[] Encode()
    {
        Check();
        var encoder = new CborEncoder(384).Map(Envelope is null ? 7 : 8).Key("v"u8).Number(1);
        encoder.Key("auth"u8).Bytes(Auth.Bytes).Key("user"u8).Id(User).Key("source"u8).Text(Source.Text()).Key("approval"u8).Boolean(Approval);
        encoder.OptionalHash("envelope"u8, Envelope).Key("manifest"u8).Hash(Manifest).Key("member_key"u8).Bytes(MemberKey.Span);
        return Rules.Finish(encoder);
    }

    private void Check()
    {
        Rules.Require(MemberKey.Length == MemberKeySize, $"The member key is not {MemberKeySize} bytes.");
        Rules.Require((Envelope is null) == (Source == KeySource.Home), "There is an envelope exactly when the key is not kept at home.");
    }
}
