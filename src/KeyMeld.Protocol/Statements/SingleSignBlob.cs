// protocol.md sections 7 and 10: the HPKE plaintext of a single-sign.
using KeyMeld.Protocol.Encoding;
using KeyMeld.Protocol.Ids;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Statements;

/// <summary>How a single-signer key is tweaked before it signs.</summary>
public abstract record SingleTweak
{
    private SingleTweak()
    {
    }

    /// <summary>Not at all.</summary>
    public sealed record None : SingleTweak;

    /// <summary>BIP-86.</summary>
    public sealed record Bip86 : SingleTweak;

    /// <summary>BIP-341 with a Merkle root.</summary>
    /// <param name="Value">The root.</param>
    public sealed record Root(Hash32 Value) : SingleTweak;
}

/// <summary>Message, tweak, and the secret under which the answer is encrypted.</summary>
public sealed class SingleSignBlob : IDisposable
{
    /// <summary>Takes over the response secret.</summary>
    public SingleSignBlob(Hash32 message, SingleTweak tweak, SecretBytes response)
    {
        Message = message;
        Tweak = tweak;
        Response = response;
    }

    /// <summary>The 32 bytes to sign.</summary>
    public Hash32 Message { get; }

    /// <summary>The tweak.</summary>
    public SingleTweak Tweak { get; }

    /// <summary>32 bytes; disposed with this.</summary>
    public SecretBytes Response { get; }

    /// <summary>Parses strictly.</summary>
    /// <exception cref="Errors.KeyMeldException"><c>statement_invalid</c>.</exception>
    public static SingleSignBlob Parse(ReadOnlySpan<byte> bytes)
    {
        var reader = new StrictCborReader(bytes, "single-sign blob", Limits.StatementBytes);
        var map = reader.ReadMap();
        reader.Key(ref map, "tweak"u8);
        var tweak = ReadTweak(ref reader);
        reader.Key(ref map, "message"u8);
        var message = reader.ReadHash();
        reader.Key(ref map, "response"u8);
        var response = reader.ReadBytes(Hash32.Size);
        reader.EndMap(map);
        reader.End();
        return new SingleSignBlob(message, tweak, SecretBytes.CopyFrom(response));
    }

    /// <summary>The only encoding, for sealing.</summary>
    public SecretBytes Encode()
    {
        using var encoder = new CborEncoder(160, secret: true);
        encoder.Map(3).Key("tweak"u8);
        _ = Tweak switch
        {
            SingleTweak.None => encoder.Utf8("none"u8),
            SingleTweak.Bip86 => encoder.Utf8("bip86"u8),
            SingleTweak.Root root => encoder.Hash(root.Value),
            _ => throw new InvalidOperationException("Unknown tweak."),
        };
        encoder.Key("message"u8).Hash(Message).Key("response"u8).Bytes(Response.Span);
        return SecretBytes.CopyFrom(encoder.Written);
    }

    /// <summary>Wipes the response secret.</summary>
    public void Dispose() => Response.Dispose();

    private static SingleTweak ReadTweak(ref StrictCborReader reader)
    {
        if (!reader.IsText)
        {
            return new SingleTweak.Root(reader.ReadHash());
        }
        return reader.ReadText(Limits.LabelBytes) switch
        {
            "none" => new SingleTweak.None(),
            "bip86" => new SingleTweak.Bip86(),
            _ => throw reader.Invalid("has an unknown tweak"),
        };
    }
}
