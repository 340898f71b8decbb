using System.Collections;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Google.Protobuf;
using KeyMeld.Tests.Gateway.Fuzzing;
using KeyMeld.Tests.Gateway.Support;
using KeyMeld.Wire.V1;

namespace KeyMeld.Tests.Gateway.OpenApi.Examples;

/// <summary>A gateway that the examples' story is told to, by real HTTP.</summary>
internal sealed class ExampleGateway(Uri address, FakeEnclave enclave, TimeProvider time, Func<ValueTask> stop, TestGateway? inside = null) : IAsyncDisposable
{
    public const string OperatorToken = "example-operator-token";

    public Uri Address => address;

    public FakeEnclave Enclave => enclave;

    /// <summary>Where it runs in this process.</summary>
    public TestGateway Inside => inside!;

    public long NowMs => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>In this process, at the time of the examples, with an enclave that says the same each time.</summary>
    public static async Task<ExampleGateway> StartAsync()
    {
        var settings = new Hashtable { ["KEYMELD__OPERATOR__TOKEN_SHA256"] = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(OperatorToken))) };
        var clock = new ExampleClock();
        var gateway = await TestGateway.StartAsync(enclaves: 1, overrides: settings, time: clock, prepare: enclave =>
        {
            var drawn = 0;
            enclave.Draw = count => ByteString.CopyFrom(ExampleKeys.Bytes("enclave " + Interlocked.Increment(ref drawn).ToString(CultureInfo.InvariantCulture), count));
            enclave.NewKey = () => ExampleKeys.Key("enclave");
            enclave.Configuration.Counters = new Counters { KmsCalls = 3, GroupsLoaded = 1, BundleBytes = 3_100, NoncesIssued = 4, NoncesUsed = 3, NoncesBurnt = 1 };
        });
        return new ExampleGateway(gateway.Http.BaseAddress!, gateway.Enclaves[0], clock, gateway.DisposeAsync, gateway);
    }

    /// <summary>Makes the call of a step and takes down what was answered.</summary>
    public async Task<ExampleStep> DoAsync(ExampleStep step)
    {
        var body = ExampleStep.Bytes(step.Body);
        List<(string, string)> headers = [("Host", TestGateway.Authority), ("Connection", "close"), .. step.Headers.Select(header => (header.Key, header.Value))];
        if (step.Authorization is not null)
        {
            headers.Add(("Authorization", step.Authorization));
        }
        if (step.Body is not null)
        {
            headers.AddRange([("Content-Type", "application/json"), ("Content-Length", body.Length.ToString(CultureInfo.InvariantCulture))]);
        }
        var answer = await new RawCall(step.Method, step.Target, headers, body).SendAsync(address, TestContext.Current.CancellationToken);
        var content = answer.MediaType switch
        {
            null => null,
            var media when media.EndsWith("json", StringComparison.Ordinal) => JsonNode.Parse(answer.Body),
            "text/event-stream" or "text/plain" => Encoding.UTF8.GetString(answer.Body),
            _ => null,
        };
        return step with { Status = answer.Status, MediaType = answer.MediaType, Answer = content };
    }

    public ValueTask DisposeAsync() => stop();
}
