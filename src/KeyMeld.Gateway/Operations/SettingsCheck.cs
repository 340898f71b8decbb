using System.Text.Json;
using System.Text.Json.Serialization;
using KeyMeld.Gateway.Configuration;
using KeyMeld.Gateway.Tls;
using Microsoft.Extensions.Logging.Abstractions;

namespace KeyMeld.Gateway.Operations;

/// <summary>What <c>--check</c> prints of a configuration that is good: nothing secret. The files of certificates are read; nothing else is opened, and nothing started.</summary>
/// <param name="Listen">Where clients come in.</param>
/// <param name="OperatorListen">Where operators do; absent where that is the same place.</param>
/// <param name="Certificates">Of both, where they speak TLS.</param>
internal sealed record SettingsCheckJson(
    string Mode, string PublicUrl, string Listen, string? OperatorListen, IReadOnlyList<CertificateJson> Certificates, string Storage, string Database, string KmsKeyId, IReadOnlyList<string> PreviousKmsKeyIds,
    string? KmsEndpoint, bool Attestation, bool InstanceRole, bool OperatorToken, IReadOnlyList<int> Enclaves)
{
    /// <exception cref="Protocol.Errors.KeyMeldException">configuration_invalid: the files of a certificate are no good.</exception>
    public static string Of(GatewaySettings settings, TimeProvider time)
    {
        using var certificates = new Certificates(settings, time, NullLogger<CertificateKeeper>.Instance);
        return JsonSerializer.Serialize(
            new SettingsCheckJson(
                settings.Production ? "production" : "development", settings.Server.PublicUrl.AbsoluteUri, settings.Server.Listen.ToString(), settings.OperatorListener?.Listen.ToString(),
                CertificateJson.Of(certificates, time), settings.Storage is StorageSettings.Sqlite ? "sqlite" : "postgres", Describe(settings.Storage), settings.Kms.KeyId, settings.Kms.PreviousKeyIds, settings.Kms.Endpoint?.AbsoluteUri,
                settings.Kms.EnableAttestation, settings.InstanceRole, settings.OperatorTokenHash is not null, [.. settings.Enclaves.Select(enclave => (int)enclave.Id)]),
            SettingsJson.Default.SettingsCheckJson);
    }

    private static string Describe(StorageSettings storage) => storage switch
    {
        StorageSettings.Sqlite file => Path.GetFullPath(file.Path),
        StorageSettings.Postgres { IsSocket: true } server => $"{server.User}@{server.Host}/.s.PGSQL.{server.Port}/{server.Database}",
        StorageSettings.Postgres server => $"{server.User}@{server.Host}:{server.Port}/{server.Database}",
        _ => throw new ArgumentOutOfRangeException(nameof(storage)),
    };
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(SettingsCheckJson))]
internal sealed partial class SettingsJson : JsonSerializerContext;
