namespace KeyMeld.Gateway.Http;

internal static class Headers
{
    /// <summary>Nothing of this API is for caches or for a browser to interpret.</summary>
    public static void Set(HttpResponse response)
    {
        response.Headers.CacheControl = "no-store";
        response.Headers.XContentTypeOptions = "nosniff";
    }
}
