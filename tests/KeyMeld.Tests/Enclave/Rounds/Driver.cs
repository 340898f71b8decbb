using Google.Protobuf;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Signing;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;
using KeyMeld.Wire.V1;
using SignedStatement = KeyMeld.Protocol.Statements.SignedStatement;

namespace KeyMeld.Tests.Enclave.Rounds;

/// <summary>Drives the rounds of one request as a gateway does, honest or not: every call can be had before it is sent.</summary>
internal sealed class Driver
{
    private readonly HostedEnclave[] _enclaves;

    public Driver(TestRequest request, params IReadOnlyList<HostedEnclave> enclaves)
    {
        Request = request;
        _enclaves = [.. enclaves];
        Approvals = [.. request.Approvals];
    }

    public TestRequest Request { get; }

    public TestGroup Group => Request.Group;

    public IReadOnlyList<HostedEnclave> Enclaves => _enclaves;

    public List<SignedStatement> Approvals { get; set; }

    /// <summary>Indexes of the enclaves that have a signer.</summary>
    public IReadOnlyList<int> Nodes => [.. Request.Verified.Nodes.Select(node => node.Index)];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>The enclave stops and starts again: another boot.</summary>
    public void Restart(int enclave)
    {
        var before = _enclaves[enclave];
        _enclaves[enclave] = before.Again();
        before.Dispose();
    }

    public UntrustedOpen OpenCall(int enclave, int attempt = 1, bool bundle = true) => new()
    {
        Roster = Group.RosterHash.ToWire(),
        Request = Request.Signed.Statement.ToWire(),
        Items = Request.ItemsOnWire,
        Approvals = { Approvals.Select(approval => approval.ToWire()) },
        Attempt = (uint)attempt,
        Bundle = bundle ? Group.Bundle(enclave) : null,
    };

    public UntrustedSign SignCall(int enclave, IEnumerable<RoundBlob> round1, int attempt = 1) => new()
    {
        Roster = Group.RosterHash.ToWire(),
        Request = Request.Digest.ToWire(),
        Attempt = (uint)attempt,
        Boot = _enclaves[enclave].Boot.Id.ToWire(),
        Round1 = { round1 },
    };

    public UntrustedCombine CombineCall(int enclave, IEnumerable<RoundBlob> round1, IEnumerable<RoundBlob> round2, int attempt = 1) => new()
    {
        Roster = Group.RosterHash.ToWire(),
        Request = Request.Signed.Statement.ToWire(),
        Items = Request.ItemsOnWire,
        Attempt = (uint)attempt,
        Round1 = { round1 },
        Round2 = { round2 },
        Bundle = Group.Bundle(enclave),
    };

    public Task<RoundBlob> OpenAsync(int enclave, int attempt = 1) => _enclaves[enclave].Signing.OpenAsync(OpenCall(enclave, attempt), Cancellation);

    public async Task<RoundBlob[]> OpenAllAsync(int attempt = 1)
    {
        var blobs = new List<RoundBlob>();
        foreach (var node in Nodes)
        {
            blobs.Add(await OpenAsync(node, attempt));
        }
        return [.. blobs];
    }

    public Task<RoundBlob> SignAsync(int enclave, IEnumerable<RoundBlob> round1, int attempt = 1) =>
        _enclaves[enclave].Signing.SignAsync(SignCall(enclave, round1, attempt), Cancellation);

    public async Task<RoundBlob[]> SignAllAsync(IReadOnlyCollection<RoundBlob> round1, int attempt = 1)
    {
        var blobs = new List<RoundBlob>();
        foreach (var node in Nodes)
        {
            blobs.Add(await SignAsync(node, round1, attempt));
        }
        return [.. blobs];
    }

    public Task<RoundBlob> CombineAsync(int enclave, IEnumerable<RoundBlob> round1, IEnumerable<RoundBlob> round2, int attempt = 1) =>
        _enclaves[enclave].Signing.CombineAsync(CombineCall(enclave, round1, round2, attempt), Cancellation);

    /// <summary>The whole way, read as a client reads it: every signature verified with its own keys.</summary>
    public async Task<IReadOnlyList<ItemResult>> RunAsync(int attempt = 1, int combineAt = 0)
    {
        var round1 = await OpenAllAsync(attempt);
        var round2 = await SignAllAsync(round1, attempt);
        return Read(await CombineAsync(combineAt, round1, round2, attempt));
    }

    public IReadOnlyList<ItemResult> Read(RoundBlob result) => SignedResult.Open(Request.Verified, Group.Cipher, Envelope(result));

    /// <summary>Asserts that the honest parties can still sign: a new attempt of the same request completes.</summary>
    public async Task AssertCanGoOnAsync(int attempt) => Assert.All(await RunAsync(attempt), result => Assert.IsType<ItemResult.Completed>(result));

    public static RoundBlobEnvelope Envelope(RoundBlob blob) => new(
        (int)blob.Attempt,
        new NodeId((NodeKind)blob.NodeKind, (int)blob.NodeIndex),
        new Id16(blob.Boot.Span),
        blob.Tau.IsEmpty ? null : new Hash32(blob.Tau.Span),
        blob.Blob.Memory,
        SchnorrSignature.Parse(blob.Signature.Span));

    public static RoundBlob Wire(RoundBlobEnvelope envelope) => new()
    {
        Attempt = (uint)envelope.Attempt,
        NodeKind = (uint)envelope.Node.Kind,
        NodeIndex = (uint)envelope.Node.Index,
        Boot = envelope.Boot.ToWire(),
        Tau = envelope.Tau is { } tau ? tau.ToWire() : ByteString.Empty,
        Blob = ByteString.CopyFrom(envelope.Blob.Span),
        Signature = ByteString.CopyFrom(envelope.Signature.Bytes),
    };
}
