using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using KeyMeld.Gateway.Operations;
using KeyMeld.Gateway.Storage;
using KeyMeld.Gateway.Telemetry;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Gateway.Dashboard.Sections;

/// <summary>The gateway itself and what it stands on.</summary>
internal sealed class GatewaySection(GatewayParts parts)
{
    // Size of the database and the certificate's end are worth a look now and then only.
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(30);

    private readonly long _started = parts.NowMs;
    private DatabaseFacts? _database;
    private IReadOnlyList<RetiredEnclaveJson> _retired = [];
    private long? _certificateExpires;
    private long? _looked;

    public async Task<GatewayFactsJson> ReadAsync(IReadOnlyList<EnclaveFactsJson> enclaves, bool hasDatabase)
    {
        var settings = parts.Settings;
        if (_looked is null || parts.Time.GetElapsedTime(_looked.Value) > Fresh)
        {
            (_database, _certificateExpires) = (await DatabaseAsync() ?? _database, CertificateExpires());
            _looked = parts.Time.GetTimestamp();
        }
        var calls = enclaves.Sum(enclave => enclave.Use?.KmsCalls ?? 0);
        var keys = enclaves.Select(enclave => enclave.KmsKeyId).OfType<string>().Where(key => key.Length > 0).Distinct(StringComparer.Ordinal).Count();
        return new GatewayFactsJson(
            parts.SigningRunner.Owner.ToString(),
            Build.Version,
            settings.Production ? "production" : "development",
            settings.Server.PublicUrl.AbsoluteUri,
            _started,
            _certificateExpires,
            parts.Bus.IsShared,
            hasDatabase && _database is { } database && parts.Backups.Facts is { } backup
                ? new DatabaseFactsJson(database.Kind, database.Bytes, database.Migration, database.MigrationName, backup.Made, backup.Last, parts.Writes.Trouble)
                : null,
            settings.Kms.KeyId,
            settings.Kms.EnableAttestation,
            parts.Attested.Releases,
            new KmsCostJson(calls, KmsPrices.Of(calls), keys, keys * KmsPrices.KeyAMonth),
            _retired);
    }

    // As it lies on disk: that is what the next handshakes are made with.
    private long? CertificateExpires()
    {
        if (parts.Settings.Server.Certificate is not { } files)
        {
            return null;
        }
        try
        {
            using var certificate = X509Certificate2.CreateFromPem(File.ReadAllText(files.Certificate));
            return new DateTimeOffset(certificate.NotAfter.ToUniversalTime()).ToUnixTimeMilliseconds();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CryptographicException)
        {
            return null;
        }
    }

    private async Task<DatabaseFacts?> DatabaseAsync()
    {
        try
        {
            _retired = (await Readiness.OfAsync(parts)).Retired;
            return await parts.OverviewStore.FactsAsync();
        }
        catch (KeyMeldException exception) when (exception.Code == ErrorCodes.StorageFailed)
        {
            return null;
        }
    }
}
