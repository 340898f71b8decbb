using System.Net;
using System.Security.Cryptography;

namespace KeyMeld.Enclave.Sealing.Kms;

/// <summary>Reads each answer whole, up to a bound, before the SDK sees it; refuses compressed ones and successes of another form.</summary>
internal sealed class BoundedAnswers(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    /// <summary>The largest honest answer holds two blobs of 6144 bytes in base64.</summary>
    public const int MaxBytes = 64 * 1024;

    private const string MediaType = "application/x-amz-json-1.1";

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await base.SendAsync(request, cancellationToken);
        try
        {
            if (response.Content.Headers.ContentEncoding.Count > 0 || !IsAnswer(response))
            {
                throw new KmsException(KmsFailure.ResponseInvalid, null);
            }
            var body = new WipedBody(await ReadAsync(response.Content, cancellationToken));
            foreach (var header in response.Content.Headers)
            {
                body.Headers.TryAddWithoutValidation(header.Key, header.Value);
            }
            body.Headers.ContentLength = null;
            response.Content.Dispose();
            response.Content = body;
            return response;
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    // KMS succeeds with 200 and its own type, or refuses. The SDK takes a redirection, too, for a success. An error may come from something in between.
    private static bool IsAnswer(HttpResponseMessage response) => response.StatusCode is HttpStatusCode.OK
        ? response.Content.Headers.ContentType?.MediaType is MediaType
        : (int)response.StatusCode >= 400;

    private static async Task<ArraySegment<byte>> ReadAsync(HttpContent content, CancellationToken cancellation)
    {
        // Pinned, because with attestation off (development) a plaintext key passes through here.
        var buffer = GC.AllocateUninitializedArray<byte>(MaxBytes, pinned: true);
        await using var stream = await content.ReadAsStreamAsync(cancellation);
        var length = await stream.ReadAtLeastAsync(buffer, MaxBytes, throwOnEndOfStream: false, cancellation);
        return length < MaxBytes ? new ArraySegment<byte>(buffer, 0, length) : throw new KmsException(KmsFailure.ResponseInvalid, null);
    }

    private sealed class WipedBody(ArraySegment<byte> body) : ByteArrayContent(body.Array!, body.Offset, body.Count)
    {
        protected override void Dispose(bool disposing)
        {
            CryptographicOperations.ZeroMemory(body);
            base.Dispose(disposing);
        }
    }
}
