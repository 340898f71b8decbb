using System.Text;
using Grpc.Core;
using KeyMeld.Protocol.Errors;
using Microsoft.AspNetCore.Http.Features;

namespace KeyMeld.Enclave.Hosting;

/// <summary>Bounds what is read at all, before a message is taken into memory (<see cref="CallPlaces"/>); so status and identity answer while bundles are being loaded.</summary>
internal sealed class Admission(RequestDelegate next, CallPlaces places)
{
    public const int MaxStreams = 64;

    private const int SmallBytes = 1024 * 1024;
    private const string Exchange = nameof(Exchange);

    private static readonly string[] Small =
        ["GetStatus", "Configure", "PushCredentials", "Genesis", "Rewrap", "GetIdentity", "Forget", "MakeMemberKey", "AddKey", "SingleSign", "ForgetKey"];

    public async Task InvokeAsync(HttpContext context)
    {
        var call = context.Request.Path.Value?.Split('/')[^1];
        var small = Small.Contains(call, StringComparer.Ordinal);
        if (small && context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = SmallBytes;
        }
        var place = small ? places.SmallAsync(context.RequestAborted) : call == Exchange ? places.ExchangeAsync(context.RequestAborted) : places.LargeAsync(context.RequestAborted);
        using var permit = await place;
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
        headers["keymeld-detail-bin"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(Busy().Message));
    }

    /// <summary>What a call is told that finds no place.</summary>
    public static KeyMeldException Busy() => new(ErrorCodes.Busy, "Too many calls wait at the enclave.");
}
