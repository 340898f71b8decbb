using KeyMeld.Client;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Statements;
using KeyMeld.Wire.V1;

namespace KeyMeld.Tests.Enclave.Rounds;

/// <summary>One step of a schedule: what is done, and free choices that are taken modulo what there is.</summary>
internal sealed record Step(int Kind, int Node, int A, int B, int C);

/// <summary>
/// One request, enclaves and members at home that are cloned and restarted at will, and a gateway that opens, signs and combines in any order with any blobs it has seen. <see cref="NonceLedger"/>
/// records what every public nonce was used for, and fails when one is made twice or answers two challenges.
/// </summary>
internal sealed class ScheduleWorld : IDisposable
{
    private const int Attempts = 3;

    private readonly TestRequest _request;
    private readonly List<HostedEnclave>[] _processes;
    private readonly HomeMember[] _members;
    private readonly List<HomeNode>[] _homes;
    private readonly List<RoundBlob>[] _round1;
    private readonly List<RoundBlob> _round2 = [];
    private readonly List<RoundBlob[]> _signedSets = [];
    private readonly NonceLedger _ledger;

    /// <summary>One process of every enclave and of every member at home.</summary>
    /// <param name="group">The group.</param>
    /// <param name="keys">Its enclaves.</param>
    /// <param name="items">How many items.</param>
    /// <param name="homes">Members who sign at home, ascending.</param>
    public ScheduleWorld(TestGroup group, IReadOnlyList<HostedEnclave> keys, int items, params HomeMember[] homes)
    {
        // The first item of each has an adaptor.
        _request = new TestRequest(group, [.. TestRequest.Messages(items).Select((item, index) => index == 0 ? item with { Adaptor = group.Members[0].Auth.PublicKey } : item)]);
        _processes = [.. keys.Select(key => new List<HostedEnclave> { key.Again() })];
        _members = homes;
        _homes = [.. homes.Select(home => new List<HomeNode> { home.Again() })];
        _round1 = [.. _request.Verified.Nodes.Select(_ => new List<RoundBlob>())];
        _ledger = new NonceLedger(_request);
    }

    public int Signed { get; private set; }

    public int Refused { get; private set; }

    public int Combined { get; private set; }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async Task RunAsync(Step step)
    {
        var node = step.Node % _round1.Length;
        if (node >= _processes.Length)
        {
            await RunAtHomeAsync(node, step);
            return;
        }
        var process = step.A % _processes[node].Count;
        switch (step.Kind)
        {
            case < 30:
                await OpenAsync(node, process, 1 + (step.B % Attempts));
                break;
            case < 70:
                await SignAsync(node, process, step, step.C);
                break;
            case < 80:
                await Task.WhenAll(Enumerable.Range(0, 3).Select(index => Task.Run(() => SignAsync(node, process, step, step.C + index), Cancellation)));
                break;
            case < 90:
                await CombineAsync(node, process, step);
                break;
            case < 94:
                var before = _processes[node][process];
                _processes[node][process] = before.Again();
                before.Dispose();
                break;
            case < 98:
                _processes[node].Add(_processes[node][process].Again());
                break;
            default:
                await _processes[node][process].Signing.ForgetAsync(new UntrustedForget { Request = _request.Digest.ToWire() }, Cancellation);
                break;
        }
    }

    public void Dispose()
    {
        foreach (var process in _processes.SelectMany(processes => processes).Concat<IDisposable>(_homes.SelectMany(homes => homes)))
        {
            process.Dispose();
        }
    }

    private async Task RunAtHomeAsync(int node, Step step)
    {
        var homes = _homes[node - _processes.Length];
        var process = step.A % homes.Count;
        var attempt = 1 + (step.B % Attempts);
        switch (step.Kind)
        {
            case < 30:
                Opened(node, await TryAsync(async () => Driver.Wire(await homes[process].OpenAsync(_request.Signed.Statement, _request.SealedItems, [], attempt, Cancellation))));
                break;
            case < 80:
                await Task.WhenAll(Enumerable.Range(0, step.Kind < 70 ? 1 : 3).Select(index => Task.Run(() => SignAtHomeAsync(node, homes[process], attempt, step.C + index), Cancellation)));
                break;
            case < 90:
                await CombineAsync(step.A % _processes.Length, 0, step);
                break;
            case < 94:
                homes[process].Dispose();
                homes[process] = _members[node - _processes.Length].Again();
                break;
            case < 98:
                homes.Add(_members[node - _processes.Length].Again());
                break;
            default:
                await homes[process].BurnAsync(_request.Digest);
                break;
        }
    }

    private async Task SignAtHomeAsync(int node, HomeNode home, int attempt, int choice)
    {
        var set = ChooseSet(attempt, choice);
        if (await TryAsync(async () => Driver.Wire(await home.SignAsync(_request.Digest, attempt, [.. set.Select(Driver.Envelope)], [], Cancellation))) is { } blob)
        {
            Signs(node, set, blob);
        }
    }

    private async Task OpenAsync(int node, int process, int attempt)
    {
        var driver = new Driver(_request, [.. _processes.Select((processes, at) => at == node ? processes[process] : processes[0])]);
        Opened(node, await TryAsync(() => driver.OpenAsync(node, attempt)));
    }

    private void Opened(int node, RoundBlob? blob)
    {
        if (blob is null || _round1[node].Contains(blob))
        {
            return;
        }
        _round1[node].Add(blob);
        _ledger.Opened(blob);
    }

    private async Task SignAsync(int node, int process, Step step, int choice)
    {
        var attempt = 1 + (step.B % Attempts);
        var set = ChooseSet(attempt, choice);
        var enclave = _processes[node][process];
        var call = new UntrustedSign
        {
            Roster = _request.Group.RosterHash.ToWire(),
            Request = _request.Digest.ToWire(),
            Attempt = (uint)attempt,
            // Mostly the boot it is; sometimes the one of the blob that is shown to it.
            Boot = choice % 5 == 0 && set.Length > node ? set[node].Boot : enclave.Boot.Id.ToWire(),
            Round1 = { set },
        };
        if (await TryAsync(() => enclave.Signing.SignAsync(call, Cancellation)) is { } blob)
        {
            Signs(node, set, blob);
        }
    }

    private RoundBlob[] ChooseSet(int attempt, int choice)
    {
        lock (_round2)
        {
            return [.. _round1.Select((blobs, at) => Choose(blobs, attempt, choice + at)).OfType<RoundBlob>()];
        }
    }

    private void Signs(int node, RoundBlob[] set, RoundBlob blob)
    {
        lock (_round2)
        {
            Signed++;
            _round2.Add(blob);
            _signedSets.Add(set);
            _ledger.Signed(node, set, blob);
        }
    }

    private async Task CombineAsync(int node, int process, Step step)
    {
        if (_signedSets.Count == 0)
        {
            return;
        }
        var set = _signedSets[step.B % _signedSets.Count];
        var answers = _request.Verified.Nodes.Select(at => Choose([.. _round2.Where(blob => Driver.Envelope(blob).Node == at)], (int)set[0].Attempt, step.C)).OfType<RoundBlob>();
        var driver = new Driver(_request, [.. _processes.Select((processes, at) => at == node ? processes[process] : processes[0])]);
        if (await TryAsync(() => driver.CombineAsync(node, set, answers, (int)set[0].Attempt)) is { } result)
        {
            // All nodes are honest: whatever combines at all is complete, and nobody is ever named.
            Combined++;
            Assert.All(driver.Read(result), (item, index) => Assert.True(index == 0 ? item is ItemResult.PreSigned : item is ItemResult.Completed));
        }
    }

    // Mostly one of the attempt, sometimes whatever was seen.
    private static RoundBlob? Choose(List<RoundBlob> blobs, int attempt, int choice)
    {
        var fitting = choice % 7 == 0 ? blobs : blobs.Where(blob => blob.Attempt == attempt).ToList();
        return fitting.Count == 0 ? null : fitting[choice % fitting.Count];
    }

    private async Task<RoundBlob?> TryAsync(Func<Task<RoundBlob>> call)
    {
        try
        {
            return await call();
        }
        catch (KeyMeldException exception)
        {
            Assert.Contains(exception.Code, (string[])[ErrorCodes.NonceAlreadyUsed, ErrorCodes.NotLoaded, ErrorCodes.RelayFault, ErrorCodes.AttemptStale, ErrorCodes.AttemptsExhausted]);
            lock (_round2)
            {
                Refused += exception.Code == ErrorCodes.NonceAlreadyUsed ? 1 : 0;
            }
            return null;
        }
    }
}
