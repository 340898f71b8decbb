using System.Diagnostics.Metrics;
using System.Security.Cryptography.X509Certificates;
using KeyMeld.Gateway.Configuration;
using KeyMeld.Gateway.Credentials;
using KeyMeld.Gateway.Forwarding;
using KeyMeld.Gateway.Http;
using KeyMeld.Gateway.Relaying;
using KeyMeld.Gateway.Telemetry;
using KeyMeld.Wire.V1;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace KeyMeld.Gateway;

/// <summary>The web server around <see cref="GatewayParts"/>. Nothing is configured by files or variables beside the settings.</summary>
internal static class GatewayHost
{
    /// <exception cref="Protocol.Errors.KeyMeldException">storage_failed: the database cannot be used.</exception>
    /// <param name="settings">What the operator wrote.</param>
    /// <param name="credentials">Of the environment; they count unless the settings name the instance role.</param>
    /// <param name="time">The clock.</param>
    /// <param name="metadata">For tests; the instance's own without it.</param>
    public static WebApplication Build(GatewaySettings settings, AwsCredentials credentials, TimeProvider time, InstanceMetadata? metadata = null)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "KeyMeld.Gateway" });
        builder.WebHost.UseKestrelCore();
        if (settings.Server.Certificate is not null)
        {
            builder.WebHost.UseKestrelHttpsConfiguration();
        }
        builder.WebHost.ConfigureKestrel(options => Configure(options, settings));
        builder.Services.AddRoutingCore();
        builder.Logging.SetMinimumLevel(settings.LogLevel).AddFilter("Microsoft", LogLevel.Warning).AddSimpleConsole(ConsoleFormat.Apply);
        if (settings.Forwarder is { } forwarder)
        {
            builder.Services.AddSingleton(forwarder).AddSingleton(time).AddHostedService<Forwarder>();
        }
        builder.Services.AddMetrics().AddSingleton(services => new GatewayTelemetry(services.GetRequiredService<IMeterFactory>(), time));
        builder.Services.AddSingleton(services => new GatewayParts(
            settings, credentials, time, services.GetRequiredService<ILoggerFactory>(), services.GetRequiredService<GatewayTelemetry>(), metadata));
        if (settings.Relay?.Server is not null)
        {
            builder.Services.AddSingleton(services => new EnclaveRelay(settings, time, services.GetRequiredService<ILogger<EnclaveRelay>>()));
            builder.Services.AddHostedService(services => services.GetRequiredService<EnclaveRelay>());
        }
        var app = builder.Build();
        var parts = app.Services.GetRequiredService<GatewayParts>();
        app.Lifetime.ApplicationStarted.Register(parts.Start);
        app.UseMiddleware<Faults>();
        app.Use(next => context =>
        {
            parts.Limits.Call(context);
            return next(context);
        });
        app.Use(next => new TargetGuard(next).InvokeAsync);
        app.UseRouting();
        Routes.Map(app, parts, app.Lifetime.ApplicationStopping);
        app.UseEndpoints(_ => { });
        return app;
    }

    /// <summary>Where it listens, with the port the system chose where the settings say 0.</summary>
    public static string AddressOf(WebApplication app) => app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();

    private static void Configure(KestrelServerOptions options, GatewaySettings settings)
    {
        options.AddServerHeader = false;
        options.Limits.MaxConcurrentConnections = settings.Limits.Connections;
        options.Limits.MaxRequestLineSize = 4 * 1024;
        options.Limits.MaxRequestHeadersTotalSize = 16 * 1024;
        options.Limits.MaxRequestHeaderCount = 64;
        options.Limits.MaxRequestBodySize = BodyReader.StatementBody;
        options.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        options.Limits.KeepAliveTimeout = TimeSpan.FromMinutes(2);
        options.Limits.MinRequestBodyDataRate = new MinDataRate(bytesPerSecond: 1024, gracePeriod: TimeSpan.FromSeconds(5));
        options.Listen(settings.Server.Listen, listen =>
        {
            if (settings.Server.Certificate is { } files)
            {
                listen.UseHttps(X509Certificate2.CreateFromPemFile(files.Certificate, files.Key));
            }
        });
    }
}
