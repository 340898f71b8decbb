using System.Net.Http.Headers;
using System.Text.Json;
using KeyMeld.Cli.Output;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Cli.Commands;

/// <summary>What the gateway says of itself and its enclaves. It is a report for operators, not something a client trusts.</summary>
internal sealed class FleetView
{
    private readonly Uri gateway;
    private readonly IReadOnlyList<JsonElement> enclaves;

    private FleetView(Uri gateway, IReadOnlyList<JsonElement> enclaves) => (this.gateway, this.enclaves) = (gateway, enclaves);

    public int Count => enclaves.Count;

    public bool AllReady => enclaves.Count > 0 && enclaves.All(enclave => Text(enclave, "state") == "ready");

    /// <summary>The identity keys by enclave id.</summary>
    public IReadOnlyDictionary<int, string?> Keys => enclaves.ToDictionary(enclave => enclave.GetProperty("id").GetInt32(), enclave => Text(enclave, "key"));

    /// <summary>The state by enclave id.</summary>
    public IReadOnlyDictionary<int, string?> States => enclaves.ToDictionary(enclave => enclave.GetProperty("id").GetInt32(), enclave => Text(enclave, "state"));

    /// <summary>Why an enclave is locked, by enclave id.</summary>
    public IReadOnlyDictionary<int, string?> Reasons => enclaves.ToDictionary(enclave => enclave.GetProperty("id").GetInt32(), enclave => Text(enclave, "reason"));

    public static async Task<FleetView> FetchAsync(Uri gateway, CancellationToken cancellationToken) =>
        (await AskAsync(gateway, "/api/v1/enclaves", cancellationToken)).TryGetProperty("enclaves", out var enclaves)
            ? new FleetView(gateway, [.. enclaves.EnumerateArray()])
            : throw new KeyMeldException(ErrorCodes.GatewayUnreachable, $"What answers at {gateway} does not say which enclaves it has.");

    /// <summary>Waits until every enclave is ready; after the time given returns whatever is.</summary>
    public static async Task<FleetView> WaitUntilReadyAsync(Uri gateway, TimeSpan patience, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(patience);
        while (true)
        {
            var view = await FetchAsync(gateway, cancellationToken);
            if (view.AllReady || limit.IsCancellationRequested)
            {
                return view;
            }
            await Task.Delay(25, cancellationToken);
        }
    }

    public void Print() => Report.Table("enclaves", ["id", "state", "epoch", "key", "kms key", "kms calls", "why"],
        enclaves.Select(enclave => (IReadOnlyList<string?>)
        [
            Text(enclave, "id"), Text(enclave, "state"), Text(enclave, "epoch"), Text(enclave, "key"), Text(enclave, "kms_key_id"), Text(enclave, "kms_calls"),
            Text(enclave, "reason") is { } reason ? $"{reason}: {Text(enclave, "detail")}" : null,
        ]));

    /// <summary>Asks for the enclaves that an operator said are gone for good, and prints them; nothing where there are none. A gateway that is not ready does not say it, and has other things to say.</summary>
    public async Task PrintRetiredAsync(CancellationToken cancellationToken)
    {
        if ((await AskAsync(gateway, "/api/v1/health/ready", cancellationToken)).TryGetProperty("retired", out var retired))
        {
            Report.Table("retired", ["id", "state"], retired.EnumerateArray().Select(id => (IReadOnlyList<string?>)[id.GetRawText(), "retired"]));
        }
    }

    public void PrintGateway() => Report.Say($"gateway {gateway} answers; {enclaves.Count(enclave => Text(enclave, "state") == "ready")} of {Count} enclaves are ready");

    // A refusal is an answer, too: in problem details.
    private static async Task<JsonElement> AskAsync(Uri gateway, string path, CancellationToken cancellationToken)
    {
        try
        {
            using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(30) };
            http.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
            using var answer = await http.GetAsync(new Uri(gateway, path), cancellationToken);
            using var document = JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync(cancellationToken));
            return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone() : throw new JsonException("The answer is no object.");
        }
        catch (Exception exception) when (exception is HttpRequestException or JsonException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new KeyMeldException(ErrorCodes.GatewayUnreachable, $"No gateway answers at {gateway}.", exception);
        }
    }

    private static string? Text(JsonElement enclave, string name) => enclave.TryGetProperty(name, out var value)
        ? value.ValueKind switch
        {
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Number => value.GetRawText(),
            _ => null,
        }
        : null;
}
