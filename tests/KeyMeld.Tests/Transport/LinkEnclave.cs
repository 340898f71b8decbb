using System.Security.Cryptography;
using Google.Protobuf;
using Grpc.Core;
using KeyMeld.Wire.Transport;
using KeyMeld.Wire.Transport.Vsock;
using KeyMeld.Wire.V1;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace KeyMeld.Tests.Transport;

/// <summary>The enclave's end of a link and nothing behind it: answers show that the question arrived.</summary>
internal sealed class LinkEnclave : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Service _service;

    private LinkEnclave(WebApplication app, Service service, EnclaveAddress address) => (_app, _service, Address) = (app, service, address);

    public EnclaveAddress Address { get; }

    public int Calls => _service.Calls;

    public static async Task<LinkEnclave> StartAsync(EnclaveAddress address, PeerRule peers)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        var service = new Service();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options =>
        {
            options.Limits.MaxRequestBodySize = WireLimits.MaxMessageBytes;
            options.ListenOn(address, peers);
        }).UseVsock();
        builder.Services.AddRoutingCore();
        builder.Services.AddGrpc(options => options.MaxReceiveMessageSize = WireLimits.MaxMessageBytes);
        builder.Services.AddSingleton(service);
        var app = builder.Build();
        app.UseRouting();
        app.MapGrpcService<Service>();
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new LinkEnclave(app, service, address);
    }

    /// <summary>Ends at once, as a killed process does.</summary>
    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    private sealed class Service : KeyMeld.Wire.V1.Enclave.EnclaveBase
    {
        private int _calls;

        public int Calls => _calls;

        public override Task<EnclaveStatus> GetStatus(GetStatusRequest request, ServerCallContext context) => Count(new EnclaveStatus { Software = "link" });

        public override Task<IdentityReply> GetIdentity(GetIdentityRequest request, ServerCallContext context) => Count(new IdentityReply { Identity = request.Nonce });

        public override Task<ReceiptReply> LoadGroup(UntrustedBundle request, ServerCallContext context) =>
            Count(new ReceiptReply { Roster = ByteString.CopyFrom(SHA256.HashData(request.Keygen.Terms.Span)) });

        private Task<T> Count<T>(T answer)
        {
            Interlocked.Increment(ref _calls);
            return Task.FromResult(answer);
        }
    }
}
