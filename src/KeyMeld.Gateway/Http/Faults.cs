using KeyMeld.Protocol.Errors;

namespace KeyMeld.Gateway.Http;

/// <summary>The outermost step of every call: whatever is thrown inside becomes a problem with a code. Only a fault of the program is a 500.</summary>
internal sealed partial class Faults(RequestDelegate next, ILogger<Faults> logger)
{
    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
            await ExplainAsync(context);
        }
        catch (KeyMeldException fault)
        {
            if (ErrorCodes.Get(fault.Code).Status >= StatusCodes.Status500InternalServerError)
            {
                // What has a code of its own is no fault of the program: a database that is away would fill the log with stacks.
                LogFault(context.TraceIdentifier, fault.Code, Reason(fault), fault.Code == ErrorCodes.Internal ? fault.InnerException ?? fault : null);
            }
            await Problems.WriteAsync(context, fault);
        }
        catch (BadHttpRequestException fault)
        {
            var (code, detail) = fault.StatusCode switch
            {
                StatusCodes.Status413PayloadTooLarge => (ErrorCodes.PayloadTooLarge, "The body is larger than this call takes."),
                StatusCodes.Status408RequestTimeout => (ErrorCodes.Timeout, "The body came too slowly."),
                _ => (ErrorCodes.BadRequest, "The request is not well-formed HTTP."),
            };
            await Problems.WriteAsync(context, code, detail);
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is there to be answered.
        }
        catch (Exception fault)
        {
            LogFault(context.TraceIdentifier, ErrorCodes.Internal, fault.GetType().Name, fault);
            await Problems.WriteAsync(context, ErrorCodes.Internal, "The program failed.");
        }
    }

    // Ours, and the first line of what the system or the database said.
    private static string Reason(KeyMeldException fault) =>
        fault.InnerException is { Message: { Length: > 0 } cause } && !fault.Message.Contains(cause, StringComparison.Ordinal) ? $"{fault.Message} ({cause.Split('\n')[0].TrimEnd()})" : fault.Message;

    // What routing refuses comes without a body.
    private static Task ExplainAsync(HttpContext context) => (context.Response.HasStarted, context.Response.StatusCode) switch
    {
        (false, StatusCodes.Status404NotFound) => Problems.WriteAsync(context, ErrorCodes.NotFound, "There is nothing at this path."),
        (false, StatusCodes.Status405MethodNotAllowed) => ExplainMethodAsync(context),
        _ => Task.CompletedTask,
    };

    private static Task ExplainMethodAsync(HttpContext context)
    {
        var allow = Also(context.Response.Headers.Allow.ToString());
        // A preflight of an origin that nobody named is no such question.
        if (HttpMethods.IsOptions(context.Request.Method) && context.Request.Headers.AccessControlRequestMethod.Count == 0)
        {
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            context.Response.Headers.Allow = allow;
            Headers.Set(context.Response);
            return Task.CompletedTask;
        }
        context.Response.OnStarting(() =>
        {
            context.Response.Headers.Allow = allow;
            return Task.CompletedTask;
        });
        return Problems.WriteAsync(context, ErrorCodes.MethodNotAllowed, $"This path takes {allow}.");
    }

    // What is answered without being mapped.
    private static string Also(string allow) => (allow.Split(", ").Contains(HttpMethods.Get) ? allow + ", HEAD" : allow) + ", OPTIONS";

    [LoggerMessage(EventId = 601, EventName = "call_failed", Level = LogLevel.Error, Message = "Request {Id} ended with {Code}: {Reason}")]
    private partial void LogFault(string id, string code, string reason, Exception? fault);
}
