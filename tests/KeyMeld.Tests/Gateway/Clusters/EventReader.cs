using System.Text.Json;
using KeyMeld.Protocol.Http;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Gateway.Support;

namespace KeyMeld.Tests.Gateway.Clusters;

/// <summary>Reads server-sent events of a group or a signing.</summary>
internal sealed class EventReader : IDisposable
{
    private const string Data = "data: ";

    private readonly HttpResponseMessage _response;
    private readonly StreamReader _lines;

    private EventReader(HttpResponseMessage response, StreamReader lines) => (_response, _lines) = (response, lines);

    public static async Task<EventReader> OpenAsync(TestGateway gateway, string path, SecretKey reader)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path + "/events");
        request.Headers.TryAddWithoutValidation("Authorization", gateway.Authorize(HttpMethod.Get, path + "/events", [], reader));
        var response = await gateway.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        response.EnsureSuccessStatusCode();
        return new EventReader(response, new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken)));
    }

    /// <summary>The next state. A test that gets none within minutes would hang, and fails.</summary>
    public async Task<StateEventJson> NextAsync()
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromMinutes(3));
        while (await _lines.ReadLineAsync(patience.Token) is { } line)
        {
            if (line.StartsWith(Data, StringComparison.Ordinal))
            {
                return JsonSerializer.Deserialize(line[Data.Length..], ProtocolJson.Default.StateEventJson)!;
            }
        }
        throw new InvalidOperationException("The stream ended.");
    }

    /// <summary>The first state that is none of these. One may be told more than once: by the news of it, and by the look that makes up for lost news.</summary>
    public async Task<string> AfterAsync(params string[] passing)
    {
        string state;
        do
        {
            state = (await NextAsync()).State;
        }
        while (passing.Contains(state));
        return state;
    }

    public void Dispose()
    {
        _lines.Dispose();
        _response.Dispose();
    }
}
