using System.Globalization;
using System.Net.Sockets;
using KeyMeld.Gateway.Credentials;
using KeyMeld.Wire.V1;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace KeyMeld.Tests.Gateway.Credentials;

/// <summary>An instance metadata service on a port of this machine, version 2 only: who has no session token gets nothing.</summary>
internal sealed class MetadataService : IAsyncDisposable
{
    public const string Secret = "canary+of/a/secret+access+key";
    public const string SessionToken = "canary-of-a-session-token";
    private const string Token = "session-token-of-the-metadata-service==";

    private readonly WebApplication _app;
    private readonly Uri _address;

    private MetadataService(WebApplication app)
    {
        _app = app;
        _address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
    }

    public string Role { get; set; } = "keymeld-enclaves";

    public string AccessKeyId { get; set; } = "ASIAFIRST";

    public DateTimeOffset Expires { get; set; }

    /// <summary>A status and body to answer with in place of credentials, where set.</summary>
    public (int Status, string Body)? Fault { get; set; }

    /// <summary>An answer in place of the credentials, where set.</summary>
    public string? CredentialsBody { get; set; }

    /// <summary>What was asked, in order: method, path, and whether it was asked for the host that instances know.</summary>
    public List<string> Asked { get; } = [];

    public int Fetches => Asked.Count(line => line.StartsWith("PUT", StringComparison.Ordinal));

    public static async Task<MetadataService> StartAsync(DateTimeOffset expires)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        var app = builder.Build();
        MetadataService? service = null;
        app.Run(context => service!.AnswerAsync(context));
        await app.StartAsync(TestContext.Current.CancellationToken);
        return service = new MetadataService(app) { Expires = expires };
    }

    /// <summary>A client whose connections to the well-known address end here.</summary>
    public InstanceMetadata Client() => new(new SocketsHttpHandler
    {
        ConnectCallback = async (context, cancellation) =>
        {
            Assert.Equal(("169.254.169.254", 80), (context.DnsEndPoint.Host, context.DnsEndPoint.Port));
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(_address.Host, _address.Port, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        },
    });

    /// <summary>Has these from now on.</summary>
    public void Give(AwsCredentials credentials, DateTimeOffset expires) => CredentialsBody = $$"""
        {"Code": "Success", "AccessKeyId": "{{credentials.AccessKeyId}}", "SecretAccessKey": "{{credentials.SecretAccessKey}}", "Token": "{{credentials.SessionToken}}",
         "Expiration": "{{expires.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)}}"}
        """;

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private Task AnswerAsync(HttpContext context)
    {
        var request = context.Request;
        lock (Asked)
        {
            Asked.Add($"{request.Method} {request.Path} {request.Host}");
        }
        if (request.Method == "PUT" && request.Path == "/latest/api/token")
        {
            return request.Headers["X-aws-ec2-metadata-token-ttl-seconds"] == "60" ? context.Response.WriteAsync(Token) : StatusAsync(context, 400);
        }
        if (request.Method != "GET" || request.Headers["X-aws-ec2-metadata-token"] != Token)
        {
            return StatusAsync(context, 401);
        }
        if (Fault is { } fault)
        {
            context.Response.StatusCode = fault.Status;
            return context.Response.WriteAsync(fault.Body);
        }
        return request.Path.Value switch
        {
            "/latest/meta-data/iam/security-credentials/" => context.Response.WriteAsync(Role),
            "/latest/meta-data/iam/security-credentials/keymeld-enclaves" => context.Response.WriteAsync(CredentialsBody ?? $$"""
                {
                  "Code" : "Success",
                  "LastUpdated" : "2026-11-26T00:00:00Z",
                  "Type" : "AWS-HMAC",
                  "AccessKeyId" : "{{AccessKeyId}}",
                  "SecretAccessKey" : "{{Secret}}",
                  "Token" : "{{SessionToken}}",
                  "Expiration" : "{{Expires.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)}}"
                }
                """),
            _ => StatusAsync(context, 404),
        };
    }

    private static Task StatusAsync(HttpContext context, int status)
    {
        context.Response.StatusCode = status;
        return Task.CompletedTask;
    }
}
