using System.Text.Json.Serialization;
using KeyMeld.Protocol.Http;

namespace KeyMeld.Client;

/// <summary>The profile's own files as JSON: nothing unknown, nothing twice, nothing missing.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    AllowDuplicateProperties = false,
    UseStringEnumConverter = true,
    WriteIndented = true,
    Converters = [typeof(PublicKeyJsonConverter), typeof(XOnlyPublicKeyJsonConverter), typeof(SchnorrSignatureJsonConverter), typeof(BlobJsonConverter)])]
[JsonSerializable(typeof(ProfileRecord))]
[JsonSerializable(typeof(PinsRecord))]
[JsonSerializable(typeof(GroupRecord))]
[JsonSerializable(typeof(SigningRecord))]
[JsonSerializable(typeof(OwnedKeyRecord))]
internal sealed partial class ProfileJson : JsonSerializerContext;
