using KeyMeld.Gateway.Http;

namespace KeyMeld.Gateway.Dashboard;

/// <summary>GET / and /dashboard/…: the same for everybody and nothing but a page; what it shows, it has to ask for as an operator.</summary>
internal sealed class ServeFile(DashboardFile file)
{
    public Task HandleAsync(HttpContext context)
    {
        var response = context.Response;
        // Kept, but asked for each time: with another build there is another page at once.
        response.Headers.CacheControl = "no-cache";
        // With a 304 too, since a browser takes the headers of that for what it has kept (RFC 9111 section 4.3.4).
        response.Headers.ContentSecurityPolicy = file.Path == "/" ? SecurityHeaders.PagePolicy : SecurityHeaders.DataPolicy;
        if (ETags.AnswersUnchanged(context, file.ETag))
        {
            return Task.CompletedTask;
        }
        response.ContentType = file.ContentType;
        response.ContentLength = file.Content.Length;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : response.Body.WriteAsync(file.Content, context.RequestAborted).AsTask();
    }
}
