using System.Collections.Concurrent;
using Google.Protobuf;
using Grpc.Core;
using KeyMeld.Enclave.Identity;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Tests.Enclave.Rounds;
using KeyMeld.Tests.Gateway.Support;
using KeyMeld.Wire.V1;

namespace KeyMeld.Tests.Faults;

/// <summary>
/// Real desks with real cryptography behind a socket that dies, and calls that are lost and repeated as a <see cref="FaultPlan"/> says. Every nonce and partial signature that leaves an
/// enclave is recorded, whether or not it arrives.
/// </summary>
internal sealed class FaultyEnclave : IAsyncDisposable
{
    private readonly FakeEnclave _socket;
    private readonly FaultPlan _plan;
    private readonly ConcurrentDictionary<Hash32, NonceLedger> _ledgers;
    private readonly ConcurrentDictionary<ByteString, HostedEnclave> _boots = [];
    private readonly ConcurrentDictionary<string, int> _calls = [];
    private readonly SemaphoreSlim _restarting = new(1, 1);

    public FaultyEnclave(FakeEnclave socket, FaultPlan plan, ConcurrentDictionary<Hash32, NonceLedger> ledgers)
    {
        (_socket, _plan, _ledgers) = (socket, plan, ledgers);
        socket.Real = CallAsync;
    }

    /// <summary>The process that runs now.</summary>
    public HostedEnclave Current => HostedBy(_socket.Service!);

    public int Boots => _boots.Count;

    public async ValueTask DisposeAsync()
    {
        // A restart that was begun may still be running.
        await _restarting.WaitAsync();
        foreach (var process in _boots.Values)
        {
            process.Dispose();
        }
    }

    // The fake's key is both keys of the identity: that is what its status says.
    private HostedEnclave HostedBy(FakeEnclaveService service) => _boots.GetOrAdd(service.Boot, _ =>
        new HostedEnclave(_socket.Id, null, HostedEnclave.DefaultMemory, new EpochIdentity(1, service.Key!, service.Key!)));

    private async Task<IMessage?> CallAsync(FakeEnclaveService service, string name, IMessage call)
    {
        if (name is not ("CheckKeygen" or "CheckRegistration" or "LoadGroup" or "Open" or "Sign" or "Combine" or "Forget"))
        {
            return null;
        }
        var enclave = HostedBy(service);
        var fault = name is "Open" or "Sign" or "Combine" ? _plan.Draw(NameOf(name, call)) : Fault.None;
        switch (fault)
        {
            case Fault.LostCall:
                throw Lost();
            case Fault.KilledBefore:
                Kill(service);
                throw Lost();
            case Fault.Repeated:
                await RunAsync(enclave, call);
                return await RunAsync(enclave, call);
            case Fault.LostAnswer:
                await RunAsync(enclave, call);
                throw Lost();
            case Fault.KilledAfter:
                await RunAsync(enclave, call);
                Kill(service);
                throw Lost();
            default:
                return await RunAsync(enclave, call);
        }
    }

    private async Task<IMessage> RunAsync(HostedEnclave enclave, IMessage call)
    {
        // As a process does that the gateway has hung up on: what was begun is carried out.
        var never = CancellationToken.None;
        switch (call)
        {
            case UntrustedOpen open:
                var round1 = await enclave.Signing.OpenAsync(open, never);
                LedgerOf(StatementDigest.Of(StatementType.SigningRequest, open.Request.Statement.Span)).Opened(round1);
                return round1;
            case UntrustedSign sign:
                var round2 = await enclave.Signing.SignAsync(sign, never);
                LedgerOf(new Hash32(sign.Request.Span)).Signed((int)round2.NodeIndex, sign.Round1, round2);
                return round2;
            default:
                return call switch
                {
                    UntrustedKeygen keygen => await enclave.GroupDesk.CheckKeygenAsync(keygen, never),
                    UntrustedRegistration registration => await enclave.GroupDesk.CheckRegistrationAsync(registration, never),
                    UntrustedBundle bundle => await enclave.GroupDesk.LoadGroupAsync(bundle, never),
                    UntrustedCombine combine => await enclave.Signing.CombineAsync(combine, never),
                    UntrustedForget forget => await enclave.Signing.ForgetAsync(forget, never),
                    _ => throw new ArgumentOutOfRangeException(nameof(call)),
                };
        }
    }

    // One death at a time; whoever asks for the death of a process that is gone gets none.
    private void Kill(FakeEnclaveService service) => _ = Task.Run(async () =>
    {
        await _restarting.WaitAsync();
        try
        {
            if (ReferenceEquals(_socket.Service, service))
            {
                await _socket.RestartAsync();
            }
        }
        finally
        {
            _restarting.Release();
        }
    });

    private NonceLedger LedgerOf(Hash32 request) => _ledgers[request];

    private string NameOf(string name, IMessage call)
    {
        var (request, attempt) = call switch
        {
            UntrustedOpen open => (StatementDigest.Of(StatementType.SigningRequest, open.Request.Statement.Span), open.Attempt),
            UntrustedSign sign => (new Hash32(sign.Request.Span), sign.Attempt),
            UntrustedCombine combine => (StatementDigest.Of(StatementType.SigningRequest, combine.Request.Statement.Span), combine.Attempt),
            _ => throw new ArgumentOutOfRangeException(nameof(call)),
        };
        var what = $"{name} {request} {attempt} at {_socket.Id}";
        return $"{what}, {_calls.AddOrUpdate(what, 1, (_, before) => before + 1)}";
    }

    private static RpcException Lost() => new(new Status(StatusCode.Unavailable, "lost on purpose"));
}
