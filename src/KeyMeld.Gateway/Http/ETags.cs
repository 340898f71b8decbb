// RFC 9110 sections 8.8.3 (ETag), 13.1.2 (If-None-Match) and 15.4.5 (304).
using System.Security.Cryptography;
using Microsoft.Net.Http.Headers;

namespace KeyMeld.Gateway.Http;

/// <summary>Strong validators: the hash of what would be sent. They are looked at after everything that refuses a call, so that they tell nobody what an answer would not.</summary>
internal static class ETags
{
    private const int Bytes = 16;

    public static string Of(ReadOnlySpan<byte> representation, string suffix = "") => $"\"{Convert.ToHexStringLower(SHA256.HashData(representation).AsSpan(0, Bytes))}{suffix}\"";

    /// <summary>Sets the tag; true where the caller has just this and the answer is 304 without a body.</summary>
    public static bool AnswersUnchanged(HttpContext context, string etag)
    {
        context.Response.Headers.ETag = etag;
        var known = context.Request.Headers.IfNoneMatch;
        if (known.Count == 0 || !EntityTagHeaderValue.TryParseList(known!, out var tags) || !tags.Any(tag => tag.Equals(EntityTagHeaderValue.Any) || tag.Tag == etag))
        {
            return false;
        }
        context.Response.StatusCode = StatusCodes.Status304NotModified;
        return true;
    }
}
