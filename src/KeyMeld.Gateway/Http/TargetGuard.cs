using System.Buffers;
using KeyMeld.Protocol.Errors;
using Microsoft.AspNetCore.Http.Features;

namespace KeyMeld.Gateway.Http;

/// <summary>
/// Refuses every request target that is not written the one way this API writes them: what is routed and what was signed must be the same bytes, so nothing is decoded,
/// collapsed or normalised on the way.
/// </summary>
internal sealed class TargetGuard(RequestDelegate next)
{
    private static readonly SearchValues<char> PathCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789/._-");
    private static readonly SearchValues<char> QueryCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789=&_-");

    public Task InvokeAsync(HttpContext context)
    {
        var target = Of(context).AsSpan();
        var query = target.IndexOf('?');
        var path = query < 0 ? target : target[..query];
        var isCanonical = path.Length > 0 && path[0] == '/' && !path.ContainsAnyExcept(PathCharacters) && path.IndexOf("//") < 0 && path.IndexOf("/.") < 0
            && (path.Length == 1 || path[^1] != '/') && (query < 0 || !target[(query + 1)..].ContainsAnyExcept(QueryCharacters));
        return isCanonical ? next(context) : throw new KeyMeldException(ErrorCodes.NotFound, "There is nothing at this path.");
    }

    /// <summary>The target as it was sent.</summary>
    public static string Of(HttpContext context) => context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
}
