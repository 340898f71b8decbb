using System.Diagnostics.Metrics;
using KeyMeld.Gateway.Credentials;
using KeyMeld.Gateway.Signing;
using KeyMeld.Gateway.Tls;

namespace KeyMeld.Gateway.Telemetry;

/// <summary>Instruments that are read off the gateway's own parts whenever somebody collects metrics.</summary>
internal static class ObservedGateway
{
    public static void Observe(this Meter meter, SigningRunner signings, HeldCalls held, CredentialKeeper credentials, Certificates certificates, BackupWatch backups, bool production)
    {
        meter.CreateObservableGauge("keymeld.build.info", () => new Measurement<long>(1, new("version", Build.Version), new("mode", production ? "production" : "development")), description: "1, with the version and mode.");
        meter.CreateObservableGauge("keymeld.signings.running", () => (long)signings.Running, description: "Signings in their rounds here.");
        meter.CreateObservableGauge("keymeld.http.held", () => new Measurement<long>[]
        {
            new(held.Waits, new KeyValuePair<string, object?>("kind", "wait")),
            new(held.Streams, new KeyValuePair<string, object?>("kind", "stream")),
        }, description: "Calls that are held open: Prefer: wait, and streams of events.");
        meter.CreateObservableGauge("keymeld.aws.credentials.expiry", () => ExpiryOf(credentials), "s", "When the enclaves' AWS credentials expire, seconds since 1970; absent where they do not.");
        meter.CreateObservableGauge("keymeld.backup.age", () => backups.Age is { } age ? [new Measurement<double>(age.TotalSeconds)] : Array.Empty<Measurement<double>>(), "s",
            "Since the newest backup by `keymeld db backup`; where there was none, since the database was made. Absent until the database answered once.");
        meter.CreateObservableGauge("keymeld.tls.certificate.expiry", () => certificates.Views.Select(view => new Measurement<double>(
            view.NotAfter.ToUnixTimeSeconds(), new KeyValuePair<string, object?>("listener", view.Section))), "s", "When the certificate that each listener serves expires, seconds since 1970.");
    }

    private static IEnumerable<Measurement<double>> ExpiryOf(CredentialKeeper credentials) =>
        credentials.Current is { ExpiresMs: > 0 and var expires } ? [new Measurement<double>(expires / 1000.0)] : [];
}
