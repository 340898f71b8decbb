using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Wire.V1;
using Microsoft.Extensions.Time.Testing;

namespace KeyMeld.Tests.Enclave.Rounds;

/// <summary>The rounds of one request among real enclaves and real nodes at home.</summary>
internal sealed class MixedRounds : IDisposable
{
    private readonly Dictionary<int, HomeMember> _homes;

    public MixedRounds(TestRequest request, IReadOnlyList<HostedEnclave> enclaves)
    {
        Driver = new Driver(request, enclaves);
        Time = new FakeTimeProvider(DateTimeOffset.FromUnixTimeMilliseconds(enclaves[0].Clock.Now));
        _homes = request.Verified.Nodes.Where(node => node.Kind == NodeKind.Home).ToDictionary(node => node.Index, node => new HomeMember(request.Group, node.Index, Time));
    }

    public Driver Driver { get; }

    public TestRequest Request => Driver.Request;

    public FakeTimeProvider Time { get; }

    public IReadOnlyList<NodeId> Nodes => Request.Verified.Nodes;

    public HomeMember Home(int place) => _homes[place];

    public async Task<RoundBlob> OpenAsync(NodeId node, int attempt = 1) =>
        node.Kind == NodeKind.Enclave ? await Driver.OpenAsync(node.Index, attempt) : Driver.Wire(await Home(node.Index).OpenAsync(Request, attempt));

    public async Task<RoundBlob> SignAsync(NodeId node, RoundBlob[] round1, int attempt = 1) => node.Kind == NodeKind.Enclave
        ? await Driver.SignAsync(node.Index, round1, attempt)
        : Driver.Wire(await Home(node.Index).SignAsync(Request, [.. round1.Select(Driver.Envelope)], attempt));

    public async Task<RoundBlob[]> OpenAllAsync(int attempt = 1)
    {
        var blobs = new List<RoundBlob>();
        foreach (var node in Nodes)
        {
            blobs.Add(await OpenAsync(node, attempt));
        }
        return [.. blobs];
    }

    public async Task<RoundBlob[]> SignAllAsync(RoundBlob[] round1, int attempt = 1)
    {
        var blobs = new List<RoundBlob>();
        foreach (var node in Nodes)
        {
            blobs.Add(await SignAsync(node, round1, attempt));
        }
        return [.. blobs];
    }

    /// <summary>The whole way, read as a client reads it.</summary>
    public async Task<IReadOnlyList<ItemResult>> RunAsync(int attempt = 1)
    {
        var round1 = await OpenAllAsync(attempt);
        return Driver.Read(await Driver.CombineAsync(0, round1, await SignAllAsync(round1, attempt), attempt));
    }

    /// <summary>Asserts that the honest parties can still sign: a new attempt of the same request completes.</summary>
    public async Task AssertCanGoOnAsync(int attempt) => Assert.All(await RunAsync(attempt), result => Assert.IsType<ItemResult.Completed>(result));

    public void Dispose()
    {
        foreach (var home in _homes.Values)
        {
            home.Dispose();
        }
    }
}
