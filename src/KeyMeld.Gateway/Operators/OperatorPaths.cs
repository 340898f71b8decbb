using KeyMeld.Protocol.Errors;

namespace KeyMeld.Gateway.Operators;

/// <summary>On the operator's listener there are pages, metrics, health and the operator's calls; what users call is not there.</summary>
internal static class OperatorPaths
{
    private static readonly string[] Served = ["/api/v1/operator", "/api/v1/health", "/api/v1/enclaves"];

    /// <exception cref="KeyMeldException">not_found.</exception>
    public static void Check(HttpContext context)
    {
        var path = context.Request.Path;
        if (OperatorConnection.Is(context) && path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase) && !Served.Any(served => path.StartsWithSegments(served, StringComparison.OrdinalIgnoreCase)))
        {
            throw new KeyMeldException(ErrorCodes.NotFound, "This is not served on the operator's listener.");
        }
    }
}
