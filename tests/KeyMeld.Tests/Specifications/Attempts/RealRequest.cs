using Google.Protobuf;
using KeyMeld.Protocol;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Statements;
using KeyMeld.Tests.Enclave.Rounds;
using KeyMeld.Wire.V1;

namespace KeyMeld.Tests.Specifications.Attempts;

/// <summary>
/// One request at a real enclave with real cryptography, acted on as <see cref="AttemptSpec"/> says. The other node is two processes with one key, so that there
/// are two valid round-1 sets of every attempt.
/// </summary>
internal sealed class RealRequest : IDisposable
{
    private readonly TestRequest _request;
    private readonly Driver _driver;
    private readonly HostedEnclave _enclave;
    private readonly HostedEnclave _twin;
    private readonly HostedEnclave[] _others;
    private readonly Dictionary<int, RoundBlob> _own = [];
    private readonly Dictionary<(int Attempt, int Set), RoundBlob> _theirs = [];
    private readonly Dictionary<ByteString, ByteString> _round2OfRound1 = [];

    public RealRequest(TestGroup group, IReadOnlyList<HostedEnclave> keys)
    {
        _request = new TestRequest(group, TestRequest.Messages(1));
        (_enclave, _twin, _others) = (keys[0].Again(), keys[0].Again(), [keys[1].Again(), keys[1].Again()]);
        _driver = new Driver(_request, _enclave, _others[0]);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Takes one step; null where the answer is the model's and no nonce answered two sets.</summary>
    public async Task<string?> StepAsync(string action, int argument, int attempts, AttemptModel before)
    {
        var (expected, answer) = action switch
        {
            AttemptSpec.Open => (before.AnswerOpen(AttemptSpec.Attempts(attempts)[argument], Limits.Attempts), await OpenAsync(AttemptSpec.Attempts(attempts)[argument])),
            AttemptSpec.Sign => (before.AnswerSign(AttemptSpec.Signs(attempts)[argument]), await SignAsync(AttemptSpec.Signs(attempts)[argument])),
            AttemptSpec.Burn => ("forgotten", await ForgetAsync()),
            _ => (ErrorCodes.Rejected, await RejectAsync(Math.Max((byte)1, before.Attempt))),
        };
        return expected == answer ? null : $"answered {answer}, not {expected}";
    }

    public void Dispose()
    {
        foreach (var enclave in (HostedEnclave[])[_enclave, _twin, .. _others])
        {
            enclave.Dispose();
        }
    }

    private Task<string> OpenAsync(int attempt) => TryAsync("round1", async () =>
    {
        var blob = await _driver.OpenAsync(0, attempt);
        Assert.True(!_own.TryGetValue(attempt, out var earlier) || earlier.Equals(blob), "Opening again showed other nonces.");
        _own[attempt] = blob;
    });

    private Task<string> SignAsync(SignArgument sign) => TryAsync("round2", async () =>
    {
        var own = _own.TryGetValue(sign.Attempt, out var shown) ? shown : await _twin.Signing.OpenAsync(_driver.OpenCall(0, sign.Attempt), Cancellation);
        var call = _driver.SignCall(0, [own, await TheirsAsync(sign.Attempt, sign.Set)], sign.Attempt);
        var blob = await _enclave.Signing.SignAsync(call, Cancellation);
        Assert.True(!_round2OfRound1.TryGetValue(own.Blob, out var earlier) || earlier == blob.Blob, "One set of nonces made two answers.");
        _round2OfRound1[own.Blob] = blob.Blob;
    });

    private Task<string> ForgetAsync() => TryAsync("forgotten", () => _enclave.Signing.ForgetAsync(new UntrustedForget { Request = _request.Digest.ToWire() }, Cancellation));

    private Task<string> RejectAsync(int attempt) => TryAsync("accepted", () =>
    {
        var reject = _request.Group.Members[1].Decide(_request.Digest, _request.Signed.Value.Created, Decision.Reject);
        return _enclave.Signing.OpenAsync(_driver.OpenCall(0, attempt).With(call => call.Approvals.Add(reject.ToWire())), Cancellation);
    });

    private async Task<RoundBlob> TheirsAsync(int attempt, int set)
    {
        if (!_theirs.TryGetValue((attempt, set), out var blob))
        {
            // A process of its own for each blob: attempts of one boot only increase.
            using var other = _others[set].Again();
            _theirs[(attempt, set)] = blob = await other.Signing.OpenAsync(_driver.OpenCall(1, attempt), Cancellation);
        }
        return blob;
    }

    private static async Task<string> TryAsync(string done, Func<Task> call)
    {
        try
        {
            await call();
            return done;
        }
        catch (KeyMeldException refusal)
        {
            return refusal.Code;
        }
    }
}
