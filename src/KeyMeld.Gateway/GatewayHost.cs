using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using KeyMeld.Gateway.Configuration;
using KeyMeld.Gateway.Credentials;
using KeyMeld.Gateway.Forwarding;
using KeyMeld.Gateway.Http;
using KeyMeld.Gateway.Operators;
using KeyMeld.Gateway.Relaying;
using KeyMeld.Gateway.Telemetry;
using KeyMeld.Gateway.Telemetry.Export;
using KeyMeld.Gateway.Tls;
using KeyMeld.Wire.Transport;
using KeyMeld.Wire.V1;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

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
        if (settings.Server.Certificate is not null || settings.OperatorListener?.Certificate is not null)
        {
            builder.WebHost.UseKestrelHttpsConfiguration();
        }
        builder.WebHost.ConfigureKestrel(options => Configure(options, settings));
        builder.Services.Configure<SocketTransportOptions>(sockets => sockets.CreateBoundListenSocket = Listen);
        builder.Services.AddRoutingCore();
        builder.Logging.SetMinimumLevel(settings.LogLevel).AddFilter("Microsoft", LogLevel.Warning).AddLog(settings);
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
        builder.Services.AddTelemetry(settings.Telemetry);
        var app = builder.Build();
        var parts = app.Services.GetRequiredService<GatewayParts>();
        app.Lifetime.ApplicationStarted.Register(parts.Start);
        app.Use(next => async context =>
        {
            await next(context);
            GatewayTraces.Describe(context);
        });
        var headers = new SecurityHeaders(settings.Server.PublicUrl);
        var crossOrigin = new CrossOrigin(settings.Server.CorsOrigins);
        app.Use(next => context =>
        {
            RequestIds.Assign(context);
            headers.Attach(context);
            if (!OperatorConnection.Is(context))
            {
                context.Connection.RemoteIpAddress = ForwardedFor.AddressOf(context, settings.Server.Proxies);
            }
            return next(context);
        });
        app.UseMiddleware<Faults>();
        app.Use(next => context =>
        {
            var isAnswered = crossOrigin.Answer(context);
            parts.Limits.Call(context);
            OperatorPaths.Check(context);
            return isAnswered ? Task.CompletedTask : next(context);
        });
        app.Use(next => new TargetGuard(next).InvokeAsync);
        app.Use(next => context =>
        {
            HeadCalls.Begin(context);
            return next(context);
        });
        app.UseRouting();
        app.Use(next => context =>
        {
            HeadCalls.End(context);
            return next(context);
        });
        Routes.Map(app, parts, app.Lifetime.ApplicationStopping);
        app.UseEndpoints(_ => { });
        return app;
    }

    /// <summary>Where clients come in, with the port the system chose where the settings say 0.</summary>
    public static string AddressOf(WebApplication app) => Addresses(app)[0];

    /// <summary>Where operators come in; null where that is where clients do.</summary>
    public static string? OperatorAddressOf(WebApplication app) => Addresses(app) is [_, var second] ? second : null;

    private static IReadOnlyList<string> Addresses(WebApplication app) => [.. app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses];

    // The file of a unix socket is its owner's alone from the first moment.
    private static Socket Listen(EndPoint endPoint) => endPoint is UnixDomainSocketEndPoint file
        ? LinkSocket.Listen(new EnclaveAddress.UnixSocket(file.ToString()))
        : SocketTransportOptions.CreateDefaultBoundListenSocket(endPoint);

    private static void Configure(KestrelServerOptions options, GatewaySettings settings)
    {
        var certificates = options.ApplicationServices.GetRequiredService<GatewayParts>().Certificates;
        var connections = new ConnectionLimits(settings.Limits, settings.Server.Proxies);
        options.AddServerHeader = false;
        options.Limits.MaxRequestLineSize = 4 * 1024;
        options.Limits.MaxRequestHeadersTotalSize = 16 * 1024;
        options.Limits.MaxRequestHeaderCount = 64;
        options.Limits.MaxRequestBodySize = BodyReader.StatementBody;
        options.Limits.RequestHeadersTimeout = settings.Limits.HeaderTime;
        options.Limits.KeepAliveTimeout = settings.Limits.Idle;
        options.Limits.MinRequestBodyDataRate = new MinDataRate(bytesPerSecond: 1024, gracePeriod: TimeSpan.FromSeconds(5));
        options.Limits.MinResponseDataRate = new MinDataRate(bytesPerSecond: 1024, gracePeriod: TimeSpan.FromSeconds(5));
        options.Listen(settings.Server.Listen, listen =>
        {
            listen.Use(connections.Clients);
            Protect(listen, certificates.Server, settings.Limits.HeaderTime);
        });
        if (settings.OperatorListener is { } operators)
        {
            options.Listen(operators.Listen, listen =>
            {
                listen.Use(connections.OfOperators);
                listen.Use(OperatorConnection.Set);
                Protect(listen, certificates.Operators, settings.Limits.HeaderTime);
            });
        }
    }

    // Outside TLS: what the listener knows of a connection holds for all that comes out of it.
    private static void Protect(ListenOptions listen, CertificateKeeper? certificate, TimeSpan handshake)
    {
        if (certificate is not null)
        {
            listen.UseHttps(certificate.Https(handshake));
        }
    }
}
