// RFC 9110 section 9.3.2: HEAD is GET without a body.
using KeyMeld.Gateway.OpenApi;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Gateway.Http;

/// <summary>Routes HEAD where GET goes; the server leaves the body out. An Authorization is signed for HEAD, as it is sent. Streams have no HEAD: they would never end.</summary>
internal static class HeadCalls
{
    private static readonly object Mark = new();

    /// <summary>Before routing.</summary>
    public static void Begin(HttpContext context)
    {
        if (HttpMethods.IsHead(context.Request.Method))
        {
            context.Items[Mark] = Mark;
            context.Request.Method = HttpMethods.Get;
        }
    }

    /// <summary>After routing, before anything is done.</summary>
    /// <exception cref="KeyMeldException">method_not_allowed: it is a stream.</exception>
    public static void End(HttpContext context)
    {
        if (!context.Items.ContainsKey(Mark))
        {
            return;
        }
        context.Request.Method = HttpMethods.Head;
        if (context.GetEndpoint()?.Metadata.GetMetadata<Operation>() is { IsStream: true })
        {
            context.Response.Headers.Allow = HttpMethods.Get;
            throw new KeyMeldException(ErrorCodes.MethodNotAllowed, "This path takes GET.");
        }
    }
}
