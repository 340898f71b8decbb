// RFC 9110 sections 8.4 (Content-Encoding), 12.5.3 (Accept-Encoding).
using System.Collections.Concurrent;
using System.IO.Compression;
using Microsoft.Net.Http.Headers;

namespace KeyMeld.Gateway.Http;

/// <summary>
/// A public file out of the program, the same for everybody: with a strong ETag, and compressed once for all who take it so. Nothing else is compressed: answers mix what is theirs with what the caller
/// sent, which must not meet in one compressed body (BREACH), and their ciphertext would not shrink.
/// </summary>
internal sealed class Document(string contentType, Func<byte[]> read)
{
    private readonly ConcurrentDictionary<string, Lazy<Encoded>> _encodings = new();

    public Task AnswerAsync(HttpContext context)
    {
        Answers.RequireNoQuery(context);
        var encoding = EncodingFor(context.Request);
        var encoded = _encodings.GetOrAdd(encoding, name => new Lazy<Encoded>(() => Encode(name))).Value;
        var response = context.Response;
        response.Headers.CacheControl = "no-cache";
        response.Headers.Vary = HeaderNames.AcceptEncoding;
        if (ETags.AnswersUnchanged(context, encoded.ETag))
        {
            return Task.CompletedTask;
        }
        response.ContentType = contentType;
        response.ContentLength = encoded.Content.Length;
        if (encoding.Length > 0)
        {
            response.Headers.ContentEncoding = encoding;
        }
        return response.Body.WriteAsync(encoded.Content, context.RequestAborted).AsTask();
    }

    /// <summary>A file embedded in this program.</summary>
    public static Document Embedded(string resource, string contentType) => new(contentType, () => Read(typeof(Document).Assembly, resource));

    public static byte[] Read(System.Reflection.Assembly assembly, string resource)
    {
        using var stream = assembly.GetManifestResourceStream(resource) ?? throw new InvalidOperationException($"The program was built without {resource}.");
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    private static string EncodingFor(HttpRequest request)
    {
        if (!StringWithQualityHeaderValue.TryParseList(request.Headers.AcceptEncoding!, out var accepted))
        {
            return "";
        }
        foreach (var encoding in (string[])["br", "gzip"])
        {
            if (accepted.Any(entry => entry.Value.Equals(encoding, StringComparison.OrdinalIgnoreCase) && entry.Quality is null or > 0))
            {
                return encoding;
            }
        }
        return "";
    }

    private Encoded Encode(string encoding)
    {
        var plain = read();
        if (encoding.Length == 0)
        {
            return new Encoded(plain, ETags.Of(plain));
        }
        using var compressed = new MemoryStream();
        using (Stream compressor = encoding == "br" ? new BrotliStream(compressed, CompressionLevel.Optimal, leaveOpen: true) : new GZipStream(compressed, CompressionLevel.Optimal, leaveOpen: true))
        {
            compressor.Write(plain);
        }
        return new Encoded(compressed.ToArray(), ETags.Of(plain, "-" + encoding));
    }

    private sealed record Encoded(byte[] Content, string ETag);
}
