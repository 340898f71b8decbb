using System.Collections.Concurrent;
using System.Net;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Signing;
using KeyMeld.Protocol.Statements;
using KeyMeld.Tests.Enclave.Rounds;
using KeyMeld.Tests.Gateway.Support;
using TestGroup = KeyMeld.Tests.Enclave.Rounds.TestGroup;

namespace KeyMeld.Tests.Faults;

/// <summary>A real gateway that is stopped and started, enclaves that die, calls that are lost and repeated, and clients who ask until their signing has ended.</summary>
internal sealed class FaultWorld : IAsyncDisposable
{
    private static readonly TimeSpan s_lifetime = TimeSpan.FromHours(12);

    private readonly TestGateway _gateway;
    private readonly FaultyEnclave[] _enclaves;
    private readonly ConcurrentDictionary<Hash32, NonceLedger> _ledgers;
    private readonly ConcurrentDictionary<string, string> _nonces = [];
    private readonly SemaphoreSlim _restarting = new(1, 1);

    private FaultWorld(TestGateway gateway, FaultPlan plan, ConcurrentDictionary<Hash32, NonceLedger> ledgers)
    {
        (_gateway, _ledgers) = (gateway, ledgers);
        _enclaves = [.. gateway.Enclaves.Select(enclave => new FaultyEnclave(enclave, plan, ledgers))];
    }

    /// <summary>Public nonces that were seen.</summary>
    public int Nonces => _nonces.Count;

    public int Partials => _ledgers.Values.Sum(ledger => ledger.Partials);

    public int Boots => _enclaves.Sum(enclave => enclave.Boots);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task<FaultWorld> StartAsync(FaultPlan plan, int enclaves)
    {
        // The groups' statements are of a fixed day: that is the gateway's day, too.
        var time = new SteppedTime();
        time.Step(DateTimeOffset.FromUnixTimeMilliseconds(TestGroup.Created) - time.GetUtcNow());
        return new FaultWorld(await TestGateway.StartAsync(enclaves, time: time), plan, []);
    }

    /// <summary>A formed group of three members on the enclaves, whom nobody has to ask.</summary>
    public async Task<TestGroup> FormAsync()
    {
        var members = Enumerable.Range(0, 3).Select(index => new TestMember(index % _enclaves.Length, approval: false)).ToList();
        var group = new TestGroup([.. _enclaves.Select(enclave => enclave.Current)], members, new GroupShape { Unattended = true });
        var path = $"/api/v1/keygen/{group.Manifest.Digest}";
        (await _gateway.PostAsync("/api/v1/keygen", new KeygenRequestJson(SignedJson.Of(group.Manifest.Statement), group.SealedTerms, group.SealedSecrets), ProtocolJson.Default.KeygenRequestJson))
            .Read(ProtocolJson.Default.KeygenCreatedJson);
        foreach (var (statement, envelope) in group.Registrations)
        {
            (await _gateway.PostAsync(path + "/participants", new RegistrationRequestJson(SignedJson.Of(statement), envelope), ProtocolJson.Default.RegistrationRequestJson))
                .Read(ProtocolJson.Default.StateJson);
        }
        Assert.Equal("formed", (await _gateway.GetAsync(path, group.Creator, "wait=30")).Read(ProtocolJson.Default.KeygenJson).State);
        return group;
    }

    /// <summary>Requests a signing and asks until it has ended.</summary>
    /// <returns>Null where it was signed, verified as a client does; else the code it failed with.</returns>
    public async Task<string?> SignAsync(TestGroup group, int by, int items, CancellationToken stop)
    {
        var request = new TestRequest(group, TestRequest.Messages(items), by, lifetime: s_lifetime);
        _ledgers[request.Digest] = new NonceLedger(request, _nonces);
        while (true)
        {
            try
            {
                // The same bytes again after a lost answer: the same signing.
                var answer = await _gateway.PostAsync(
                    "/api/v1/signing", new SigningPostJson(SignedJson.Of(request.Signed.Statement), request.SealedItems), ProtocolJson.Default.SigningPostJson, "wait=5", group.Members[by].Auth);
                if (answer.Status < HttpStatusCode.InternalServerError && answer.Read(ProtocolJson.Default.SigningPostedJson) is { State: "completed" or "failed" or "expired" })
                {
                    answer = await _gateway.GetAsync($"/api/v1/signing/{request.Digest}", request.Group.Creator);
                    if (answer.Status < HttpStatusCode.InternalServerError)
                    {
                        return Read(request, answer.Read(ProtocolJson.Default.SigningJson));
                    }
                }
            }
            catch (Exception exception) when (exception is HttpRequestException or ObjectDisposedException or OperationCanceledException && !Cancellation.IsCancellationRequested)
            {
                // The gateway is down. It comes back.
            }
            await Task.Delay(20, stop);
        }
    }

    /// <summary>Stops the gateway wherever it is, and starts it again on what its database holds.</summary>
    public async Task RestartGatewayAsync()
    {
        await _restarting.WaitAsync(Cancellation);
        try
        {
            await _gateway.StopGatewayAsync();
            await _gateway.StartGatewayAsync();
        }
        finally
        {
            _restarting.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var enclave in _enclaves)
        {
            await enclave.DisposeAsync();
        }
        await _gateway.DisposeAsync();
    }

    private static string? Read(TestRequest request, SigningJson signing)
    {
        if (signing.Result is not { } result)
        {
            return signing.Error ?? "no code";
        }
        var items = SignedResult.Open(request.Verified, request.Group.Cipher, result.ToEnvelope());
        Assert.All(items, item => Assert.IsType<ItemResult.Completed>(item));
        return null;
    }
}
