using Grpc.AspNetCore.Server.Model;
using KeyMeld.Enclave.Clock;
using KeyMeld.Enclave.Configuration;
using KeyMeld.Enclave.Groups;
using KeyMeld.Enclave.Identity;
using KeyMeld.Enclave.Keys;
using KeyMeld.Enclave.Nsm;
using KeyMeld.Enclave.Sealing;
using KeyMeld.Enclave.Sealing.Cms;
using KeyMeld.Enclave.Sealing.Kms;
using KeyMeld.Enclave.Signing;
using KeyMeld.Wire.Transport;
using KeyMeld.Wire.Transport.Vsock;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace KeyMeld.Enclave.Hosting;

/// <summary>Puts the parts together. An empty builder: nothing of it reads the environment, a settings file or the command line.</summary>
internal static class EnclaveHost
{
    /// <param name="configuration">The measured configuration.</param>
    /// <param name="listen">Where the gateway calls.</param>
    /// <param name="nsm">The module.</param>
    /// <param name="adapt">For tests, which run many enclaves in one process: other logging, keys made beforehand.</param>
    public static WebApplication Build(EnclaveConfiguration configuration, EnclaveAddress listen, INsm nsm, Action<WebApplicationBuilder>? adapt = null)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "KeyMeld.Enclave", ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z' ";
            console.UseUtcTimestamp = true;
            console.ColorBehavior = Microsoft.Extensions.Logging.Console.LoggerColorBehavior.Disabled;
        });
        builder.Logging.SetMinimumLevel(LogLevel.Warning).AddFilter("KeyMeld", LogLevel.Information);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = CallPlaces.MaxConnections;
            kestrel.Limits.MaxRequestBodySize = WireLimits.MaxMessageBytes + 1024;
            kestrel.Limits.Http2.MaxStreamsPerConnection = Admission.MaxStreams;
            // A gateway that stands still keeps neither its connection nor what is open on it.
            kestrel.Limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(30);
            kestrel.Limits.Http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(15);
            kestrel.ListenOn(listen, new PeerRule(configuration.ParentCid));
        }).UseVsock();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(5));
        builder.Services.AddRoutingCore();
        builder.Services.AddGrpc(grpc =>
        {
            grpc.MaxReceiveMessageSize = WireLimits.MaxMessageBytes;
            grpc.MaxSendMessageSize = WireLimits.MaxMessageBytes;
            grpc.EnableDetailedErrors = false;
            grpc.IgnoreUnknownServices = false;
            grpc.Interceptors.Add<FaultInterceptor>();
        }).AddServiceOptions<ExchangeService>(grpc => grpc.MaxReceiveMessageSize = WireLimits.MaxExchangeBytes);
        CountMessages(builder.Services);
        AddParts(builder.Services, configuration, nsm);
        adapt?.Invoke(builder);

        var app = builder.Build();
        app.UseRouting();
        app.UseMiddleware<Admission>();
        app.MapGrpcService<EnclaveService>();
        app.MapGrpcService<ExchangeService>();
        app.Lifetime.ApplicationStarted.Register(() =>
        {
            EnclaveListener.Protect(listen);
            app.Services.GetRequiredService<ILogger<EnclaveService>>().LogInformation("{Software} in {Mode} mode listens on {Address}.", StatusDesk.Software, configuration.ModeName, listen);
            Console.Out.WriteLine($"ready {listen}");
        });
        return app;
    }

    private static void AddParts(IServiceCollection services, EnclaveConfiguration configuration, INsm nsm)
    {
        services.AddSingleton(configuration).AddSingleton(configuration.Kms).AddSingleton(configuration.Limits);
        services.AddSingleton(TimeProvider.System).AddSingleton(nsm).AddSingleton<NsmClient>();
        services.AddSingleton<NsmClock>().AddSingleton<EnclaveClock>(parts => parts.GetRequiredService<NsmClock>()).AddHostedService<ClockRefresh>();
        services.AddSingleton<Boot>().AddSingleton<EnclaveCounters>().AddSingleton<KeyKeeper>().AddSingleton<StatusDesk>().AddSingleton<IdentityDesk>();
        services.AddSingleton<Func<RecipientKey>>(RecipientKey.Generate);
        services.AddSingleton<IKms, AwsKms>().AddSingleton<KmsSessions>().AddSingleton<KeyLifecycle>();
        services.AddSingleton(new MemoryBudget(configuration.Limits.MemoryBytes)).AddSingleton<LoadedGroups>().AddSingleton<GroupDesk>().AddSingleton<SigningDesk>().AddSingleton<KeyDesk>();
        services.AddSingleton<EnclaveService>().AddSingleton<ExchangeService>().AddSingleton<FaultInterceptor>().AddSingleton<CallFaults>().AddSingleton<CallPlaces>();
    }

    // In place of gRPC's own way to find methods.
    private static void CountMessages(IServiceCollection services)
    {
        services.RemoveAll(typeof(IServiceMethodProvider<>));
        services.AddSingleton<IServiceMethodProvider<EnclaveService>>(
            parts => new CountedMethods<EnclaveService>(binder => Wire.V1.Enclave.BindService(binder, parts.GetRequiredService<EnclaveService>())));
        services.AddSingleton<IServiceMethodProvider<ExchangeService>>(
            parts => new CountedMethods<ExchangeService>(binder => Wire.V1.EnclaveExchange.BindService(binder, parts.GetRequiredService<ExchangeService>())));
    }

    private sealed class ClockRefresh(NsmClock clock) : BackgroundService
    {
        protected override Task ExecuteAsync(CancellationToken stoppingToken) => clock.KeepFreshAsync(stoppingToken);
    }
}
