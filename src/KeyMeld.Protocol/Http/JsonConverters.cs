// protocol.md section 9: keys, hashes, ids and signatures in lower-case hex, blobs in standard base64 with padding; anything else is refused.
using System.Text.Json;
using System.Text.Json.Serialization;
using KeyMeld.Protocol.Encoding;
using KeyMeld.Protocol.Ids;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Http;

/// <summary>An <see cref="Id16"/> as 32 hex digits.</summary>
public sealed class Id16JsonConverter : JsonConverter<Id16>
{
    /// <inheritdoc/>
    public override Id16 Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && Id16.TryParse(reader.GetString(), out var id) ? id : throw new JsonException("An id is 32 lower-case hex digits.");

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, Id16 value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}

/// <summary>A <see cref="Hash32"/> as 64 hex digits.</summary>
public sealed class Hash32JsonConverter : JsonConverter<Hash32>
{
    /// <inheritdoc/>
    public override Hash32 Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && Hash32.TryParse(reader.GetString(), out var hash) ? hash : throw new JsonException("A hash is 64 lower-case hex digits.");

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, Hash32 value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}

/// <summary>A signature as 128 hex digits.</summary>
public sealed class SchnorrSignatureJsonConverter : JsonConverter<SchnorrSignature>
{
    /// <inheritdoc/>
    public override SchnorrSignature Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        Span<byte> bytes = stackalloc byte[SchnorrSignature.Size];
        return reader.TokenType == JsonTokenType.String && Hex.TryDecode(reader.GetString(), bytes)
            ? SchnorrSignature.Parse(bytes)
            : throw new JsonException("A signature is 128 lower-case hex digits.");
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, SchnorrSignature value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}

/// <summary>A 33-byte key as 66 hex digits.</summary>
public sealed class PublicKeyJsonConverter : JsonConverter<PublicKey>
{
    /// <inheritdoc/>
    public override PublicKey Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        Span<byte> bytes = stackalloc byte[PublicKey.Size];
        return reader.TokenType == JsonTokenType.String && Hex.TryDecode(reader.GetString(), bytes) && PublicKey.TryParse(bytes, out var key)
            ? key
            : throw new JsonException("A public key is 66 lower-case hex digits and a point of the curve.");
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, PublicKey value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}

/// <summary>An x-only key as 64 hex digits.</summary>
public sealed class XOnlyPublicKeyJsonConverter : JsonConverter<XOnlyPublicKey>
{
    /// <inheritdoc/>
    public override XOnlyPublicKey Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        Span<byte> bytes = stackalloc byte[XOnlyPublicKey.Size];
        return reader.TokenType == JsonTokenType.String && Hex.TryDecode(reader.GetString(), bytes) && XOnlyPublicKey.TryParse(bytes, out var key)
            ? key
            : throw new JsonException("An x-only key is 64 lower-case hex digits and a point of the curve.");
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, XOnlyPublicKey value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}

/// <summary>A blob as standard base64 with padding.</summary>
public sealed class BlobJsonConverter : JsonConverter<byte[]>
{
    /// <inheritdoc/>
    public override byte[] Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && Base64.TryDecode(reader.GetString(), out var bytes) ? bytes : throw new JsonException("A blob is standard base64 with padding.");

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, byte[] value, JsonSerializerOptions options) => writer.WriteBase64StringValue(value);
}
