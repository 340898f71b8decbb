using KeyMeld.DevKit.Kms.Auditing;
using KeyMeld.DevKit.Kms.Authentication;
using KeyMeld.DevKit.Kms.Keys;
using KeyMeld.DevKit.Kms.Operations;
using KeyMeld.DevKit.Kms.Recipients;
using KeyMeld.DevKit.Kms.Wire;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace KeyMeld.DevKit.Kms;

/// <summary>
/// A local AWS KMS for development and tests: symmetric keys, key policies with attestation conditions, Signature Version 4, `Recipient`. It refuses what AWS
/// refuses; it keeps its keys readable on disk and listens on loopback, so it is no place for a secret of value.
/// </summary>
public sealed class KmsEmulator : IAsyncDisposable
{
    private readonly WebApplication _host;
    private readonly KmsStore _store;
    private readonly KmsEventLog _log;
    private readonly KmsEndpoint _endpoint;

    private KmsEmulator(WebApplication host, KmsStore store, KmsEventLog log, KmsEndpoint endpoint, KmsCredentials credentials) =>
        (_host, _store, _log, _endpoint, Credentials) = (host, store, log, endpoint, credentials);

    /// <summary>Where it listens: http://127.0.0.1:port.</summary>
    public Uri Endpoint => new(_host.Urls.First(url => url.StartsWith("http:", StringComparison.Ordinal)));

    /// <summary>The port it listens on with TLS; null without.</summary>
    public int? TlsPort => _host.Urls.FirstOrDefault(url => url.StartsWith("https:", StringComparison.Ordinal)) is { } url ? new Uri(url).Port : null;

    public KmsCredentials Credentials { get; }

    /// <summary>Requests so far by operation, refused ones included; requests of no known operation are under `Unknown`.</summary>
    public IReadOnlyDictionary<string, long> Calls => _log.Counts;

    /// <inheritdoc cref="KmsEndpoint.Interceptor"/>
    internal Func<KmsExchange, Task<KmsAnswer?>>? Interceptor
    {
        get => _endpoint.Interceptor;
        set => _endpoint.Interceptor = value;
    }

    /// <summary>Reads or makes the state in the data directory and starts to listen.</summary>
    public static async Task<KmsEmulator> StartAsync(KmsEmulatorOptions options, CancellationToken cancellationToken = default)
    {
        Directory.CreateDirectory(options.DataDirectory);
        var credentials = KmsCredentials.LoadOrCreate(options.DataDirectory, options.AccountId).With(options.AdditionalCredentials);
        var store = new KmsStore(options.DataDirectory, options.TimeProvider);
        KmsEventLog? log = null;
        WebApplication? host = null;
        try
        {
            log = new KmsEventLog(options.DataDirectory);
            host = BuildHost(options);
            var recipients = new RecipientVerifier(options.AttestationRoot, options.TimeProvider);
            var service = new KmsService(store, options.Region, options.AccountId, recipients, options.CmsLayout, options.TimeProvider);
            var endpoint = new KmsEndpoint(service, new SigV4Verifier(credentials, options.Region, options.TimeProvider), log, host.Logger);
            host.Run(endpoint.HandleAsync);
            await host.StartAsync(cancellationToken);
            return new(host, store, log, endpoint, credentials);
        }
        catch
        {
            if (host is not null)
                await host.DisposeAsync();
            log?.Dispose();
            store.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        await _host.DisposeAsync();
        _log.Dispose();
        _store.Dispose();
    }

    private static WebApplication BuildHost(KmsEmulatorOptions options)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = KmsEndpoint.MaxRequestBytes;
            kestrel.Listen(System.Net.IPAddress.Loopback, options.Port, listen => listen.Protocols = HttpProtocols.Http1);
            if (options.Tls is { } tls)
            {
                kestrel.Listen(System.Net.IPAddress.Loopback, tls.Port, listen =>
                {
                    listen.Protocols = HttpProtocols.Http1;
                    listen.UseHttps(tls.Certify(options.DataDirectory, options.TimeProvider.GetUtcNow()));
                });
            }
        });
        // The program that hosts the emulator decides when it ends, not a signal handler of this web host.
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        // Standard output belongs to the hosting program too.
        builder.Logging
            .SetMinimumLevel(LogLevel.Warning)
            .AddFilter("Microsoft.Extensions.Hosting", LogLevel.None)
            .AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        return builder.Build();
    }

    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
