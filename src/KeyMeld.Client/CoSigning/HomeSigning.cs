using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Rounds;
using KeyMeld.Protocol.Signing;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Client;

/// <summary>One request at home: its state, and what is held in that state. Only whoever has its turn touches it.</summary>
internal sealed class HomeSigning(Signed<SigningRequest> request) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);

    public Signed<SigningRequest> Request { get; } = request;

    public AttemptState State { get; private set; } = new AttemptState.Untouched();

    /// <summary>What is needed to sign; there exactly while the state is Opened.</summary>
    public OpenedAtHome? Opened { get; private set; }

    /// <summary>The stored answer to <em>Open</em>.</summary>
    public RoundBlobEnvelope? Round1 { get; private set; }

    /// <summary>The stored answer to <em>Sign</em>.</summary>
    public RoundBlobEnvelope? Round2 { get; set; }

    public async Task<IDisposable> TakeTurnAsync(CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation).ConfigureAwait(false);
        return new Turn(_turn);
    }

    /// <summary>Requires the group's rule to be met, and takes note of a reject for good.</summary>
    /// <exception cref="KeyMeldException"><c>rejected</c>, <c>approvals_missing</c>, <c>approval_invalid</c>, <c>limit_exceeded</c>.</exception>
    public void RequireApproved(ApprovalRule rule, Signed<SigningRequest> statement, IReadOnlyCollection<SignedStatement> approvals)
    {
        if (State is AttemptState.Rejected)
        {
            throw new KeyMeldException(ErrorCodes.Rejected, "A member rejected this request.");
        }
        var state = rule.Evaluate(statement, [.. approvals.Select(approval => rule.Read(statement.Digest, approval))]);
        if (state is ApprovalState.Rejected)
        {
            Apply(new AttemptCommand.Reject());
        }
        ApprovalRule.Require(state);
    }

    /// <summary>Applies a command, and wipes what must not outlive the change.</summary>
    public void Apply(AttemptCommand command)
    {
        (State, var action) = AttemptMachine.Next(State, command);
        if (action is AttemptAction.Wipe or AttemptAction.HoldFreshNonces)
        {
            Wipe();
        }
    }

    /// <summary>Takes over fresh nonces and the answer that shows them.</summary>
    public void Hold(AttemptCommand.Open command, VerifiedRequest verified, PairMap pairs, HeldNonces nonces, RoundBlobEnvelope round1)
    {
        Apply(command);
        (Opened, Round1) = (new OpenedAtHome(verified, pairs, nonces), round1);
    }

    /// <summary>Hands the nonces over: they are not held any more, and the attempt is spent.</summary>
    public SecretNonce[] TakeNonces(AttemptCommand.Sign command)
    {
        var opened = Opened ?? throw new InvalidOperationException("Nothing is open.");
        Apply(command);
        Opened = null;
        return opened.Nonces.Take();
    }

    public void Dispose() => Wipe();

    private void Wipe()
    {
        Opened?.Nonces.Dispose();
        (Opened, Round1, Round2) = (null, null, null);
    }

    private sealed class Turn(SemaphoreSlim turn) : IDisposable
    {
        public void Dispose() => turn.Release();
    }
}

/// <summary>What <em>Sign</em> needs of an open attempt.</summary>
internal sealed record OpenedAtHome(VerifiedRequest Request, PairMap Pairs, HeldNonces Nonces);
