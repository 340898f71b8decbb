using System.Text.Json;
using System.Text.Json.Serialization;
using KeyMeld.Gateway.Configuration;

namespace KeyMeld.Gateway.Operations;

/// <summary>What <c>--check</c> prints of a configuration that is good: nothing secret, and nothing is opened or started.</summary>
internal sealed record SettingsCheckJson(
    string Mode, string PublicUrl, string Database, string KmsKeyId, IReadOnlyList<string> PreviousKmsKeyIds, string? KmsEndpoint, bool Attestation, bool InstanceRole, bool OperatorToken, string? OperatorListen,
    IReadOnlyList<int> Enclaves)
{
    public static string Of(GatewaySettings settings) => JsonSerializer.Serialize(
        new SettingsCheckJson(
            settings.Production ? "production" : "development", settings.Server.PublicUrl.AbsoluteUri, Path.GetFullPath(settings.Storage.Path), settings.Kms.KeyId, settings.Kms.PreviousKeyIds,
            settings.Kms.Endpoint?.AbsoluteUri, settings.Kms.EnableAttestation, settings.InstanceRole, settings.OperatorTokenHash is not null,
            settings.OperatorListener?.Listen.ToString(), [.. settings.Enclaves.Select(enclave => (int)enclave.Id)]),
        SettingsJson.Default.SettingsCheckJson);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(SettingsCheckJson))]
internal sealed partial class SettingsJson : JsonSerializerContext;
