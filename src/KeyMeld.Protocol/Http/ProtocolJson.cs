using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace KeyMeld.Protocol.Http;

/// <summary>How the contracts of section 9 are read and written: snake case, nothing twice, nothing missing, in requests nothing unknown; absent members are omitted.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    AllowDuplicateProperties = false,
    Converters =
    [
        typeof(Id16JsonConverter), typeof(Hash32JsonConverter), typeof(PublicKeyJsonConverter), typeof(XOnlyPublicKeyJsonConverter), typeof(SchnorrSignatureJsonConverter),
        typeof(BlobJsonConverter),
    ])]
[JsonSerializable(typeof(SignedJson))]
[JsonSerializable(typeof(KeygenRequestJson))]
[JsonSerializable(typeof(KeygenCreatedJson))]
[JsonSerializable(typeof(KeygenJson))]
[JsonSerializable(typeof(RegistrationRequestJson))]
[JsonSerializable(typeof(StateJson))]
[JsonSerializable(typeof(StateEventJson))]
[JsonSerializable(typeof(MakeKeyRequestJson))]
[JsonSerializable(typeof(AnswerJson))]
[JsonSerializable(typeof(KeyRequestJson))]
[JsonSerializable(typeof(KeyCreatedJson))]
[JsonSerializable(typeof(KeyListJson))]
[JsonSerializable(typeof(KeyShownJson))]
[JsonSerializable(typeof(SingleSignRequestJson))]
[JsonSerializable(typeof(RoundBlobJson))]
[JsonSerializable(typeof(RoundsJson))]
[JsonSerializable(typeof(SigningPostJson))]
[JsonSerializable(typeof(SigningPostedJson))]
[JsonSerializable(typeof(SigningJson))]
[JsonSerializable(typeof(EnclaveListJson))]
[JsonSerializable(typeof(IdentityJson))]
[JsonSerializable(typeof(ProblemJson))]
public sealed partial class ProtocolJson : JsonSerializerContext
{
    /// <summary>The UTF-8 bytes of a contract.</summary>
    public static byte[] Utf8<T>(T value, JsonTypeInfo<T> type) => JsonSerializer.SerializeToUtf8Bytes(value, type);
}
