using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace KeyMeld.DevKit.Kms.Keys;

/// <summary>
/// The 256-bit secret of one emulated KMS key. It lies readable in kms.json: the emulator is a development tool and protects nothing of value; what it
/// shows faithfully is who gets an answer and who is refused.
/// </summary>
[JsonConverter(typeof(KeyMaterial.KeyMaterialJson))]
internal sealed class KeyMaterial
{
    public const int Size = 32;

    private readonly byte[] _secret;

    public KeyMaterial(byte[] secret)
    {
        if (secret.Length != Size)
            throw new ArgumentException($"Key material has {Size} bytes.", nameof(secret));
        _secret = secret;
    }

    public static KeyMaterial Generate() => new(KernelRandom.Bytes(Size));

    public AesGcm OpenCipher() => new(_secret, AesGcm.TagByteSizes.MaxSize);

    public override string ToString() => nameof(KeyMaterial);

    internal sealed class KeyMaterialJson : JsonConverter<KeyMaterial>
    {
        public override KeyMaterial Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TryGetBytesFromBase64(out var bytes) && bytes.Length == Size
                ? new(bytes)
                : throw new JsonException($"Key material is base64 of {Size} bytes.");

        public override void Write(Utf8JsonWriter writer, KeyMaterial value, JsonSerializerOptions options) => writer.WriteBase64StringValue(value._secret);
    }
}
