using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Protocol.Signing;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;
using KeyMeld.Wire.V1;

namespace KeyMeld.Tests.Enclave.Rounds;

/// <summary>One step of a schedule: what is done, and free choices that are taken modulo what there is.</summary>
internal sealed record Step(int Kind, int Node, int A, int B, int C);

/// <summary>
/// One request, enclaves that are cloned and restarted at will, and a gateway that opens, signs and combines in any order with any blobs it has seen. Records
/// what every public nonce was used for, and fails when one is made twice or answers two challenges.
/// </summary>
internal sealed class ScheduleWorld : IDisposable
{
    private const int Attempts = 3;

    private readonly TestRequest _request;
    private readonly List<HostedEnclave>[] _processes;
    private readonly List<RoundBlob>[] _round1;
    private readonly List<RoundBlob> _round2 = [];
    private readonly List<RoundBlob[]> _signedSets = [];
    private readonly Dictionary<string, string> _nonceOfBlob = [];
    private readonly Dictionary<string, string> _challenges = [];

    public ScheduleWorld(TestGroup group, IReadOnlyList<HostedEnclave> keys, int items)
    {
        _request = new TestRequest(group, TestRequest.Messages(items));
        _processes = [.. keys.Select(key => new List<HostedEnclave> { key.Again() })];
        _round1 = [.. keys.Select(_ => new List<RoundBlob>())];
    }

    public int Signed { get; private set; }

    public int Refused { get; private set; }

    public int Combined { get; private set; }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async Task RunAsync(Step step)
    {
        var node = step.Node % _processes.Length;
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
        foreach (var process in _processes.SelectMany(processes => processes))
        {
            process.Dispose();
        }
    }

    private async Task OpenAsync(int node, int process, int attempt)
    {
        var driver = new Driver(_request, [.. _processes.Select((processes, at) => at == node ? processes[process] : processes[0])]);
        if (await TryAsync(() => driver.OpenAsync(node, attempt)) is not { } blob || _round1[node].Contains(blob))
        {
            return;
        }
        _round1[node].Add(blob);
        foreach (var (pair, nonce) in Nonces(blob))
        {
            Assert.True(_nonceOfBlob.TryAdd(nonce, $"{blob.Boot} {pair}"), "A public nonce was made twice.");
        }
    }

    private async Task SignAsync(int node, int process, Step step, int choice)
    {
        var attempt = 1 + (step.B % Attempts);
        RoundBlob[] set;
        lock (_round2)
        {
            set = [.. _round1.Select((blobs, at) => Choose(blobs, attempt, choice + at)).OfType<RoundBlob>()];
        }
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
            lock (_round2)
            {
                Signed++;
                Record(node, set, blob);
            }
        }
    }

    private async Task CombineAsync(int node, int process, Step step)
    {
        if (_signedSets.Count == 0)
        {
            return;
        }
        var set = _signedSets[step.B % _signedSets.Count];
        var answers = Enumerable.Range(0, _processes.Length).Select(at => Choose([.. _round2.Where(blob => blob.NodeIndex == at)], (int)set[0].Attempt, step.C)).OfType<RoundBlob>();
        var driver = new Driver(_request, [.. _processes.Select((processes, at) => at == node ? processes[process] : processes[0])]);
        if (await TryAsync(() => driver.CombineAsync(node, set, answers, (int)set[0].Attempt)) is { } result)
        {
            // All nodes are honest: whatever combines at all is complete, and nobody is ever named.
            Combined++;
            Assert.All(driver.Read(result), item => Assert.IsType<ItemResult.Completed>(item));
        }
    }

    private void Record(int node, RoundBlob[] set, RoundBlob answer)
    {
        _round2.Add(answer);
        _signedSets.Add(set);
        var envelope = Driver.Envelope(answer);
        var aad = Aad.Round2(_request.Group.RosterHash, _request.Digest, envelope.Attempt, envelope.Node, envelope.Tau!.Value);
        Assert.True(_request.Group.Cipher.TryDecrypt(Purposes.Round2, aad, envelope.Blob.Span, out var plaintext));
        var nonces = set.SelectMany(Nonces).ToDictionary(entry => entry.Pair, entry => entry.Nonce);
        var due = _request.Verified.PairsOf(NodeId.Enclave(node));
        Assert.True(RoundPairs.TryAlign(_request.Verified, due, RoundEntries.ParseRound2(plaintext), out var partials));
        foreach (var (pair, partial) in due.Zip(partials))
        {
            var all = _request.Verified.SignersOf(pair.Item).Select(signer => PublicNonce.Parse(Convert.FromHexString(nonces[new RoundPair(pair.Item, signer)]))).ToArray();
            var keys = _request.Verified.KeysOf(pair.Item);
            var session = SigningSession.Create(AggregateNonce.Aggregate(all), _request.Items[pair.Item].Message.Bytes, keys);
            Assert.True(session.VerifyPartial(PartialSignature.Parse(partial.Bytes), PublicNonce.Parse(Convert.FromHexString(nonces[pair])), _request.Group.Roster.Members[pair.Signer].Key));
            var challenge = $"{session.Nonce} {_request.Items[pair.Item].Message} {keys.OutputKey} {partial}";
            if (!_challenges.TryAdd(nonces[pair], challenge))
            {
                Assert.Equal(_challenges[nonces[pair]], challenge);
            }
        }
    }

    private IEnumerable<(RoundPair Pair, string Nonce)> Nonces(RoundBlob blob)
    {
        var envelope = Driver.Envelope(blob);
        var aad = Aad.Round1(_request.Group.RosterHash, _request.Digest, envelope.Attempt, envelope.Node);
        Assert.True(_request.Group.Cipher.TryDecrypt(Purposes.Round1, aad, envelope.Blob.Span, out var plaintext));
        return _request.Verified.PairsOf(envelope.Node).Zip(RoundEntries.ParseRound1(plaintext), (pair, entry) => (pair, Convert.ToHexStringLower(entry.Nonce.Span)));
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
