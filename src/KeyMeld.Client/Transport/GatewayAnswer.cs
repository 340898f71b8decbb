using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Http;

namespace KeyMeld.Client;

/// <summary>Reads an answer of the gateway: bounded, JSON of exactly the expected shape, or a problem (RFC 9457) with a code of the table.</summary>
internal static class GatewayAnswer
{
    private const int ProblemBytes = 64 * 1024;

    public static async Task<TAnswer> ReadAsync<TAnswer>(HttpResponseMessage response, GatewayCall<TAnswer> call, CancellationToken cancellationToken)
    {
        var status = (int)response.StatusCode;
        var isAnswer = status is 200 or 201;
        var body = await ReadBodyAsync(response, isAnswer ? call.MostBytes : ProblemBytes, cancellationToken).ConfigureAwait(false);
        if (!isAnswer)
        {
            throw Problem(status, response.Content.Headers.ContentType?.MediaType, body);
        }
        return response.Content.Headers.ContentType?.MediaType == "application/json"
            ? Parse(body, call.Answer)
            : throw Invalid("its content is not application/json");
    }

    public static KeyMeldException Invalid(string why, Exception? inner = null) => new(ErrorCodes.GatewayResponseInvalid, $"The gateway's answer is refused: {why}.", inner);

    private static TAnswer Parse<TAnswer>(ReadOnlySpan<byte> body, JsonTypeInfo<TAnswer> type)
    {
        try
        {
            return JsonSerializer.Deserialize(body, type) ?? throw Invalid("it is null");
        }
        catch (JsonException error)
        {
            throw Invalid("it is not of the agreed form", error);
        }
    }

    private static Exception Problem(int status, string? mediaType, ReadOnlySpan<byte> body)
    {
        if (mediaType != "application/problem+json")
        {
            // Not the gateway's words: what stands before it did not find it.
            if (status is 502 or 503 or 504)
            {
                return new HttpRequestException($"what stands before it answered {status}");
            }
            return Invalid($"status {status} without a problem that says why");
        }
        ProblemJson problem;
        try
        {
            problem = Parse(body, ProtocolJson.Default.ProblemJson);
        }
        catch (KeyMeldException error)
        {
            return error;
        }
        return ErrorCodes.IsKnown(problem.Code)
            ? new KeyMeldException(problem.Code, UntrustedText.Show(problem.Detail ?? problem.Title ?? ErrorCodes.Get(problem.Code).Action))
            : Invalid($"status {status} with an unknown code '{UntrustedText.Show(problem.Code)}'");
    }

    private static async Task<byte[]> ReadBodyAsync(HttpResponseMessage response, int most, CancellationToken cancellationToken)
    {
        if (response.Content.Headers.ContentLength > most)
        {
            throw Invalid($"it has more than {most} bytes");
        }
        var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using var _ = stream.ConfigureAwait(false);
        using var body = new MemoryStream((int)(response.Content.Headers.ContentLength ?? 4096));
        var buffer = new byte[16 * 1024];
        for (int read; (read = await stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0;)
        {
            if (body.Length + read > most)
            {
                throw Invalid($"it has more than {most} bytes");
            }
            body.Write(buffer, 0, read);
        }
        return body.ToArray();
    }
}
