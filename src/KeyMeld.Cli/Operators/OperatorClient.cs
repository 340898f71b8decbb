using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using KeyMeld.Client;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Cli.Operators;

/// <summary>The calls of a gateway that need the operator's token.</summary>
internal sealed class OperatorClient : IDisposable
{
    // Longer than the gateway waits for an enclave and KMS together.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    private readonly HttpClient _http;

    /// <exception cref="KeyMeldException">gateway_insecure: the token would cross a network in the clear.</exception>
    public OperatorClient(Uri gateway, string token)
    {
        GatewayAddress.RequireProtected(gateway);
        _http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false }) { BaseAddress = gateway, Timeout = Patience };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    /// <exception cref="KeyMeldException">What the gateway answered, or gateway_unreachable.</exception>
    public Task<JsonElement> PostAsync(string path, string body, CancellationToken cancellationToken) =>
        SendAsync(new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") }, cancellationToken);

    /// <exception cref="KeyMeldException">What the gateway answered, or gateway_unreachable.</exception>
    public Task<JsonElement> GetAsync(string path, CancellationToken cancellationToken) => SendAsync(new HttpRequestMessage(HttpMethod.Get, path), cancellationToken);

    public void Dispose() => _http.Dispose();

    private async Task<JsonElement> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            using (request)
            {
                using var response = await _http.SendAsync(request, cancellationToken);
                using var document = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken));
                return response.IsSuccessStatusCode ? document.RootElement.Clone() : throw Refused(document.RootElement);
            }
        }
        catch (HttpRequestException exception)
        {
            throw new KeyMeldException(ErrorCodes.GatewayUnreachable, $"No gateway answers at {_http.BaseAddress}.", exception);
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new KeyMeldException(ErrorCodes.GatewayUnreachable, $"{_http.BaseAddress} did not answer in time; look with `keymeld status` before repeating.", exception);
        }
        catch (JsonException exception)
        {
            throw new KeyMeldException(ErrorCodes.GatewayResponseInvalid, $"{_http.BaseAddress} answered something that is no JSON.", exception);
        }
    }

    private static KeyMeldException Refused(JsonElement problem) =>
        problem.ValueKind == JsonValueKind.Object && problem.TryGetProperty("code", out var code) && code.GetString() is { } text && ErrorCodes.IsKnown(text)
            ? new KeyMeldException(text, problem.TryGetProperty("detail", out var detail) && detail.GetString() is { } sentence ? sentence : text)
            : new KeyMeldException(ErrorCodes.GatewayResponseInvalid, "The gateway refused without a code that is known here.");
}
