using System.Text;
using System.Threading.RateLimiting;
using Grpc.Core;
using KeyMeld.Protocol.Errors;
using Microsoft.AspNetCore.Http.Features;

namespace KeyMeld.Enclave.Hosting;

/// <summary>
/// Bounds what is read at all, before a message is taken into memory: few of the large calls at once, more of the small ones, each small one short.
/// So status and identity answer while bundles are being loaded, and no flood of calls takes more memory than these numbers say.
/// </summary>
internal sealed class Admission(RequestDelegate next) : IDisposable
{
    public const int MaxStreams = 64;

    private const int LargeAtOnce = 4;
    private const int SmallAtOnce = 32;
    private const int SmallBytes = 1024 * 1024;

    private static readonly string[] Small =
        ["GetStatus", "Configure", "PushCredentials", "Genesis", "Rewrap", "GetIdentity", "Forget", "MakeMemberKey", "AddKey", "SingleSign", "ForgetKey"];

    private readonly ConcurrencyLimiter _large = new(new ConcurrencyLimiterOptions { PermitLimit = LargeAtOnce, QueueLimit = 256 });
    private readonly ConcurrencyLimiter _small = new(new ConcurrencyLimiterOptions { PermitLimit = SmallAtOnce, QueueLimit = 256 });

    public async Task InvokeAsync(HttpContext context)
    {
        var small = Small.Contains(context.Request.Path.Value?.Split('/')[^1], StringComparer.Ordinal);
        if (small && context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = SmallBytes;
        }
        using var permit = await (small ? _small : _large).AcquireAsync(1, context.RequestAborted);
        if (permit.IsAcquired)
        {
            await next(context);
            return;
        }
        // A gRPC answer without a body: status and trailers travel as headers.
        var headers = context.Response.Headers;
        context.Response.ContentType = "application/grpc";
        headers["grpc-status"] = ((int)StatusCode.FailedPrecondition).ToString(System.Globalization.CultureInfo.InvariantCulture);
        headers["keymeld-code"] = ErrorCodes.Busy;
        headers["keymeld-detail-bin"] = Convert.ToBase64String(Encoding.UTF8.GetBytes("Too many calls wait at the enclave."));
    }

    public void Dispose()
    {
        _large.Dispose();
        _small.Dispose();
    }
}
