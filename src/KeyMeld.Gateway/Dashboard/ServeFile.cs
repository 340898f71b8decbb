using KeyMeld.Gateway.Http;
using Microsoft.Net.Http.Headers;

namespace KeyMeld.Gateway.Dashboard;

/// <summary>GET / and /dashboard/…: the same for everybody and nothing but a page; what it shows, it has to ask for as an operator.</summary>
internal sealed class ServeFile(DashboardFile file)
{
    public Task HandleAsync(HttpContext context)
    {
        var response = context.Response;
        response.Headers.ETag = file.ETag;
        // Kept, but asked for each time: with another build there is another page at once.
        response.Headers.CacheControl = "no-cache";
        // With a 304 too, since a browser takes the headers of that for what it has kept (RFC 9111 section 4.3.4).
        response.Headers.ContentSecurityPolicy = file.Path == "/" ? SecurityHeaders.PagePolicy : SecurityHeaders.DataPolicy;
        if (IsKnown(context.Request))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return Task.CompletedTask;
        }
        response.ContentType = file.ContentType;
        response.ContentLength = file.Content.Length;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : response.Body.WriteAsync(file.Content, context.RequestAborted).AsTask();
    }

    private bool IsKnown(HttpRequest request) =>
        EntityTagHeaderValue.TryParseList(request.Headers.IfNoneMatch, out var known) && known.Any(tag => tag.Tag == "*" || tag.Tag == file.ETag);
}
