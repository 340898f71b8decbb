using System.Collections.Concurrent;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using KeyMeld.Client;
using KeyMeld.IntegrationTests.Support;
using KeyMeld.Secp256k1;

namespace KeyMeld.IntegrationTests.Attacks;

/// <summary>Whoever reads metrics, traces and logs learns neither keys nor messages nor signatures: real processes sign, and every byte that leaves the gateway as telemetry is looked through.</summary>
public sealed class TelemetrySeesNothingTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task G12_no_key_message_label_or_signature_is_in_a_trace_a_metric_or_a_log()
    {
        await using var collector = new Collector();
        using var spans = new Spans("KeyMeld.Client");
        var configuration = Path.Combine(StackFixture.NewFolder("telemetry"), "gateway.yaml");
        await File.WriteAllTextAsync(configuration, await File.ReadAllTextAsync(Path.Combine(Docs.DocPage.Root(), "config", "development.yaml"), Cancel)
            + $"\nlog: debug\nlog_format: json\ntelemetry: {{ otlp_endpoint: \"{collector.Endpoint}\" }}\n", Cancel);
        var stack = await StackFixture.OwnStackAsync(options => options with { GatewayConfiguration = configuration });
        Dictionary<string, byte[]> secrets;
        string scrape, signing, trace;
        try
        {
            using TestUser alice = stack.NewUser(), bob = stack.NewUser();
            (secrets, signing, trace) = await SignAsync(alice, bob);
            using var http = new HttpClient();
            scrape = await http.GetStringAsync(new Uri(stack.Gateway, "/metrics"), Cancel);
        }
        finally
        {
            // What is still to be sent is sent when the gateway stops.
            await stack.DisposeAsync();
        }
        var pieces = collector.Received.Select(received => (received.Path, received.Body)).Append(("/metrics", Encoding.UTF8.GetBytes(scrape)))
            .Append(("log", await File.ReadAllBytesAsync(stack.Layout.Log("gateway"), Cancel)))
            .Append(("spans of the client", Encoding.UTF8.GetBytes(spans.Text))).ToList();

        // What is meant to be there is found, so the search works, and a trace goes from the client's span to the enclaves.
        Assert.All((string[])["step round1", "enclave open", "enclave combine", "POST /api/v1/signing", signing], text => Assert.Contains("/v1/traces", Where(pieces, Encoding.UTF8.GetBytes(text))));
        Assert.Contains("/v1/traces", Where(pieces, Convert.FromHexString(trace)));
        Assert.Contains("/v1/metrics", Where(pieces, "keymeld.signing.step.duration"u8));
        Assert.Contains("keymeld_enclave_work_duration_seconds_count", scrape, StringComparison.Ordinal);
        Assert.Contains("log", Where(pieces, "\"EventId\":201"u8));
        foreach (var (name, secret) in secrets)
        {
            byte[][] forms = [secret, Encoding.ASCII.GetBytes(Convert.ToHexStringLower(secret)), Encoding.ASCII.GetBytes(Convert.ToHexString(secret)), Encoding.ASCII.GetBytes(Convert.ToBase64String(secret))];
            Assert.All(forms, form => Assert.True(Where(pieces, form) is { Count: 0 }, $"{name} is in {string.Join(", ", Where(pieces, form))}"));
        }
        Directory.Delete(stack.Layout.Data, recursive: true);
        Directory.Delete(Path.GetDirectoryName(configuration)!, recursive: true);
    }

    private static async Task<(Dictionary<string, byte[]> Secrets, string Signing, string Trace)> SignAsync(TestUser alice, TestUser bob)
    {
        var label = $"canary label {Guid.CreateVersion7():N}";
        var content = Encoding.ASCII.GetBytes($"canary content {Guid.CreateVersion7():N}");
        using var source = new ActivitySource("KeyMeld.Client");
        var group = await new[] { alice, bob }.FormAsync(plan => plan with { Label = label });
        string trace;
        SigningReference reference;
        using (var root = source.StartActivity("test")!)
        {
            root.AddBaggage("canary", "baggage of the application");
            trace = root.TraceId.ToHexString();
            reference = await alice.Client.Signings.RequestAsync(group, [SigningContent.FromBytes(content)], cancellationToken: Cancel);
            await bob.Client.Signings.ApproveAsync(await bob.Client.Signings.ReviewAsync(reference, Cancel), cancellationToken: Cancel);
        }
        var outcome = await alice.Client.Signings.WaitAsync(reference, Patience, Cancel);
        var signature = Assert.IsType<SignedItem.Signed>(outcome.Items![0]).Signature;
        var secret = new byte[32];
        SecureRandom.Fill(secret);
        using var imported = SecretKey.Import(secret);
        var key = await alice.Client.Keys.ImportAsync(imported, cancellationToken: Cancel);
        var single = await alice.Client.Keys.SignBip340Async(key, SHA256.HashData(content), cancellationToken: Cancel);
        return (new Dictionary<string, byte[]>
        {
            ["label"] = Encoding.UTF8.GetBytes(label),
            ["content"] = content,
            ["message"] = SHA256.HashData(content),
            ["output key"] = group.OutputKey.Bytes.ToArray(),
            ["member key"] = group.Members[0].MemberKey.ToXOnly().Bytes.ToArray(),
            ["authorisation key"] = group.Members[0].AuthorisationKey.Bytes.ToArray(),
            ["signature"] = signature.Bytes.ToArray(),
            ["half a signature"] = signature.Bytes[32..].ToArray(),
            ["secret of one owner"] = secret,
            ["key of one owner"] = key.PublicKey.ToXOnly().Bytes.ToArray(),
            ["signature of one owner"] = single.Bytes[..32].ToArray(),
            ["baggage"] = "baggage of the application"u8.ToArray(),
        }, reference.Request.ToString(), trace);
    }

    private static List<string> Where(IEnumerable<(string Name, byte[] Content)> pieces, ReadOnlySpan<byte> needle)
    {
        List<string> found = [];
        foreach (var (name, content) in pieces)
        {
            if (content.AsSpan().IndexOf(needle) >= 0)
            {
                found.Add(name);
            }
        }
        return found;
    }

    /// <summary>The spans of one source in this process.</summary>
    private sealed class Spans : IDisposable
    {
        private readonly ActivityListener _listener;
        private readonly ConcurrentQueue<string> _lines = [];

        public Spans(string source)
        {
            _listener = new ActivityListener
            {
                ShouldListenTo = listened => listened.Name == source,
                Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
                // The test's own span carries the canary that must not travel.
                ActivityStopped = activity => _lines.Enqueue($"{activity.DisplayName} {activity.StatusDescription} {string.Join(' ', activity.TagObjects.Select(tag => $"{tag.Key}={tag.Value}"))}"),
            };
            ActivitySource.AddActivityListener(_listener);
        }

        public string Text => string.Join('\n', _lines);

        public void Dispose() => _listener.Dispose();
    }
}
