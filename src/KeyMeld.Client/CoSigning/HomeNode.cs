// protocol.md section 6, "A home node makes every check an enclave makes before Open and Sign, obeys every nonce rule, and has 16 random bytes for each process as boot."
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Rounds;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Protocol.Signing;
using KeyMeld.Protocol.Statements;

namespace KeyMeld.Client;

/// <summary>
/// The place of one group that signs at home, in one process. Everything it is handed comes from a gateway nobody trusts. Nonces are in locked memory only, leave it once,
/// and go with the process. Safe for concurrent use.
/// </summary>
internal sealed class HomeNode : IDisposable
{
    // Longer than any clock is set back; a request that has expired is refused for that anyway.
    private const long GraceMs = 60_000;

    private readonly Profile _profile;
    private readonly Group _group;
    private readonly TimeProvider _time;
    private readonly BatchRunner _batch = new();
    private readonly Lock _lock = new();
    private readonly Dictionary<Hash32, HomeSigning> _signings = [];

    /// <exception cref="KeyMeldException"><c>bad_request</c>: this profile has no place there that signs at home.</exception>
    public HomeNode(Profile profile, Group group, TimeProvider time)
    {
        (_profile, _group, _time) = (profile, group, time);
        Node = group.MyIndex is { } place && group.Members[place].Enclave is null
            ? NodeId.Home(place)
            : throw new KeyMeldException(ErrorCodes.BadRequest, "This profile has no place in the group that signs at home.");
    }

    public NodeId Node { get; }

    /// <summary>Of this process.</summary>
    public Id16 Boot { get; } = Id16.Random();

    /// <summary><em>Open</em>: after every check, public nonces of exactly this place's items. An equal call is answered equally.</summary>
    /// <param name="statement">The request, as the gateway shows it.</param>
    /// <param name="items">Its sealed items.</param>
    /// <param name="approvals">Approvals and rejects, any order.</param>
    /// <param name="attempt">From 1.</param>
    /// <param name="cancellation">Stops the work; nothing has changed then.</param>
    /// <exception cref="KeyMeldException">What does not hold.</exception>
    public async Task<RoundBlobEnvelope> OpenAsync(
        SignedStatement statement, ReadOnlyMemory<byte> items, IReadOnlyCollection<SignedStatement> approvals, int attempt, CancellationToken cancellation)
    {
        if (attempt < 1)
        {
            throw new KeyMeldException(ErrorCodes.BadRequest, "Attempts are counted from 1.");
        }
        var request = RequestVerifier.VerifyStatement(_group.Roster, statement);
        RequestWindow.Check(_group.Manifest, request.Value, UnixTime.Now(_time));
        var signing = Enter(request);
        using var turn = await signing.TakeTurnAsync(cancellation).ConfigureAwait(false);
        signing.RequireApproved(ApprovalRule.Of(_group.Roster), request, approvals);
        if (Hash32.Sha256(items.Span) != request.Value.Sealed)
        {
            throw new KeyMeldException(ErrorCodes.ItemsInvalid, "The items are not those the request was signed for.");
        }
        var command = new AttemptCommand.Open(attempt);
        return AttemptMachine.Next(signing.State, command).Action switch
        {
            AttemptAction.RepeatRound1 => signing.Round1!,
            AttemptAction.Refuse refusal => throw refusal.ToException(),
            _ => await HoldAsync(signing, command, request, items, cancellation).ConfigureAwait(false),
        };
    }

    /// <summary><em>Sign</em>: checks the complete round-1 set, then takes the attempt's nonces out and signs. An equal call is answered equally; any other of a spent attempt is refused.</summary>
    /// <param name="request">D.</param>
    /// <param name="attempt">The attempt.</param>
    /// <param name="round1">One blob of every node, in node order, as the gateway shows them.</param>
    /// <param name="approvals">Approvals and rejects as the gateway has them now.</param>
    /// <param name="cancellation">Stops the work before the nonces are taken.</param>
    /// <exception cref="KeyMeldException">What does not hold; <c>not_loaded</c>, <c>nonce_already_used</c>: only a higher attempt leads on.</exception>
    public async Task<RoundBlobEnvelope> SignAsync(
        Hash32 request, int attempt, IReadOnlyList<RoundBlobEnvelope> round1, IReadOnlyCollection<SignedStatement> approvals, CancellationToken cancellation)
    {
        var signing = Find(request) ?? throw new KeyMeldException(ErrorCodes.NotLoaded, "This request was not opened in this process.");
        using var turn = await signing.TakeTurnAsync(cancellation).ConfigureAwait(false);
        RequestWindow.Check(_group.Manifest, signing.Request.Value, UnixTime.Now(_time));
        signing.RequireApproved(ApprovalRule.Of(_group.Roster), signing.Request, approvals);
        var set = new BlobSet(round1);
        var command = new AttemptCommand.Sign(attempt, set.Tau());
        return AttemptMachine.Next(signing.State, command).Action switch
        {
            AttemptAction.RepeatRound2 => signing.Round2!,
            AttemptAction.Refuse refusal => throw refusal.ToException(),
            _ => await SignAsync(signing, command, set, cancellation).ConfigureAwait(false),
        };
    }

    /// <summary>Wipes the nonces of a signing that is over; that it was there stays known until the request expires.</summary>
    public async Task BurnAsync(Hash32 request)
    {
        if (Find(request) is { } signing)
        {
            using var turn = await signing.TakeTurnAsync(CancellationToken.None).ConfigureAwait(false);
            signing.Apply(new AttemptCommand.Burn());
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var signing in _signings.Values)
            {
                signing.Dispose();
            }
            _signings.Clear();
        }
        _batch.Dispose();
    }

    private async Task<RoundBlobEnvelope> HoldAsync(
        HomeSigning signing, AttemptCommand.Open command, Signed<SigningRequest> statement, ReadOnlyMemory<byte> items, CancellationToken cancellation)
    {
        using var session = _profile.GetSession(_group.Id);
        var cipher = new SessionCipher(session, _group.Id);
        var request = RequestVerifier.Verify(_group.Roster, statement, items.Span, cipher);
        if (request.PlaceOf(Node) < 0)
        {
            throw new KeyMeldException(ErrorCodes.RequestInvalid, "This place signs nothing of the request.");
        }
        using var member = _profile.GetMember(_group.Id, _group.Members[Node.Index].MemberKey);
        using var authorisation = _profile.GetAuthorisation(_profile.GroupRecords.Get(_group.Id));
        var pairs = new PairMap(request);
        var context = new NonceContext(request.Digest, command.Attempt, Boot);
        var nonces = new HeldNonces(await NodeSigner.DrawAsync(_batch, request, pairs, Node, _ => member, context, cancellation).ConfigureAwait(false));
        try
        {
            var round1 = new RoundWriter(Node, Boot, cipher, authorisation).Round1(request, pairs, command.Attempt, nonces.Public);
            signing.Hold(command, request, pairs, nonces, round1);
            return round1;
        }
        catch
        {
            nonces.Dispose();
            throw;
        }
    }

    private async Task<RoundBlobEnvelope> SignAsync(HomeSigning signing, AttemptCommand.Sign command, BlobSet set, CancellationToken cancellation)
    {
        var open = signing.Opened!;
        set.Verify(Purposes.Round1, open.Request, command.Attempt, null, own: signing.Round1);
        using var session = _profile.GetSession(_group.Id);
        var cipher = new SessionCipher(session, _group.Id);
        var prepared = await new Round1(_batch)
            .PrepareAsync(open.Request, open.Pairs, cipher, set, command.Attempt, (Node, open.Nonces.Public), cancellation).ConfigureAwait(false);
        using var member = _profile.GetMember(_group.Id, _group.Members[Node.Index].MemberKey);
        using var authorisation = _profile.GetAuthorisation(_profile.GroupRecords.Get(_group.Id));
        cancellation.ThrowIfCancellationRequested();
        // From here on the nonces are spent, whatever happens.
        var nonces = signing.TakeNonces(command);
        try
        {
            return signing.Round2 = new RoundWriter(Node, Boot, cipher, authorisation).Round2(prepared, NodeSigner.Sign(prepared, Node, nonces, _ => member));
        }
        catch
        {
            signing.Apply(new AttemptCommand.Burn());
            throw;
        }
    }

    private HomeSigning Enter(Signed<SigningRequest> request)
    {
        lock (_lock)
        {
            var now = UnixTime.Now(_time);
            foreach (var over in _signings.Values.Where(signing => now > signing.Request.Value.Expires + GraceMs).ToList())
            {
                _signings.Remove(over.Request.Digest);
                over.Dispose();
            }
            if (!_signings.TryGetValue(request.Digest, out var signing))
            {
                _signings.Add(request.Digest, signing = new HomeSigning(request));
            }
            return signing;
        }
    }

    private HomeSigning? Find(Hash32 request)
    {
        lock (_lock)
        {
            return _signings.GetValueOrDefault(request);
        }
    }
}
