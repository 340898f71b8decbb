using KeyMeld.Enclave.Clock;
using KeyMeld.Enclave.Groups;
using KeyMeld.Enclave.Identity;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Rounds;
using KeyMeld.Wire.V1;

namespace KeyMeld.Enclave.Signing;

/// <summary>The calls that sign (protocol.md section 6), and <em>Forget</em>. What they hold of one boot is nowhere else, and goes with it.</summary>
public sealed class SigningDesk : IDisposable
{
    private static readonly TimeSpan s_sweep = TimeSpan.FromSeconds(15);

    private readonly EnclaveClock _clock;
    private readonly LoadedGroups _groups;
    private readonly SigningTable _table;
    private readonly BatchRunner _batch = new();
    private readonly OpenRound _open;
    private readonly SignRound _sign;
    private readonly CombineRound _combine;
    private readonly ITimer _timer;

    public SigningDesk(EnclaveClock clock, TimeProvider time, Boot boot, EnclaveCounters counters, MemoryBudget budget, LoadedGroups groups)
    {
        (_clock, _groups) = (clock, groups);
        _table = new SigningTable(budget);
        var round1 = new Round1(_batch);
        _open = new OpenRound(clock, boot, counters, budget, groups, _table, new OpenRequests(), new NonceMaker(_batch, boot, counters));
        _sign = new SignRound(clock, boot, counters, budget, groups, _table, round1);
        _combine = new CombineRound(boot, budget, groups, _table, _batch, round1);
        _timer = time.CreateTimer(_ => Sweep(), null, s_sweep, s_sweep);
    }

    /// <summary>Requests that are remembered at present.</summary>
    internal int Remembered => _table.Count;

    public Task<RoundBlob> OpenAsync(UntrustedOpen request, CancellationToken cancellation) => _open.RunAsync(request, cancellation);

    public Task<RoundBlob> SignAsync(UntrustedSign request, CancellationToken cancellation) => _sign.RunAsync(request, cancellation);

    public Task<RoundBlob> CombineAsync(UntrustedCombine request, CancellationToken cancellation) => _combine.RunAsync(request, cancellation);

    /// <summary>Wipes a group, one member's key, or the nonces of one signing, and whatever was open with them. Nothing that was not there is an error.</summary>
    /// <exception cref="KeyMeldException"><c>bad_request</c>: it names none of them, or a signing and a group.</exception>
    public async Task<ForgetReply> ForgetAsync(UntrustedForget request, CancellationToken cancellation)
    {
        if (request.Request.IsEmpty == request.Manifest.IsEmpty || (request.Manifest.IsEmpty && !request.User.IsEmpty))
        {
            throw new KeyMeldException(ErrorCodes.BadRequest, "Name a group, a group and a user of it, or a signing request.");
        }
        if (request.Manifest.IsEmpty)
        {
            var digest = Untrusted.Hash(request.Request, "request digest");
            await _table.BurnAsync(entry => entry.Digest == digest, cancellation);
            return new ForgetReply();
        }
        var manifest = Untrusted.Hash(request.Manifest, "manifest hash");
        // First out of memory, so that nothing new begins with it; then what was begun is waited for and burnt; only then is a key wiped.
        if (request.User.IsEmpty)
        {
            _groups.Forget(manifest);
            await _table.BurnAsync(entry => entry.Manifest == manifest, cancellation);
            return new ForgetReply();
        }
        using var member = _groups.TakeMember(manifest, Untrusted.Id(request.User, "user"));
        if (member is not null)
        {
            await _table.BurnAsync(entry => entry.Manifest == manifest && entry.IsSigner(member.Participant), cancellation);
        }
        return new ForgetReply();
    }

    public void Dispose()
    {
        _timer.Dispose();
        _table.Dispose();
        _batch.Dispose();
    }

    internal void Sweep()
    {
        try
        {
            _table.Sweep(_clock.NowMs);
        }
        catch (KeyMeldException)
        {
            // The time is not known: nothing expires until it is.
        }
    }
}
