using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Signing;

namespace KeyMeld.Client;

/// <summary>What has become of a signing, verified as far as it can be.</summary>
internal sealed class SigningProgress(GatewayTransport transport, Profile profile, TimeProvider time)
{
    public async Task<SigningReview> ReviewAsync(SigningReference reference, CancellationToken cancellationToken)
    {
        var answer = await FetchAsync(reference, 0, cancellationToken).ConfigureAwait(false);
        return Review(reference, answer);
    }

    /// <summary>Verifies and opens what the gateway answered.</summary>
    public SigningReview Review(SigningReference reference, SigningJson answer)
    {
        var group = GroupFormation.Load(profile, profile.GroupRecords.Get(reference.Group));
        return new SigningReview(group, reference, Verify(group, reference, answer), [.. answer.Approvals.Select(approval => approval.ToStatement())], SigningFetch.State(answer.State));
    }

    public async Task<SigningOutcome> StatusAsync(SigningReference reference, CancellationToken cancellationToken)
    {
        var answer = await FetchAsync(reference, 0, cancellationToken).ConfigureAwait(false);
        return Conclude(reference, answer);
    }

    public Task<SigningOutcome> WaitAsync(SigningReference reference, TimeSpan? timeout, CancellationToken cancellationToken) =>
        new Waiting(time, timeout).UntilAsync(async (wait, cancel) =>
        {
            var answer = await FetchAsync(reference, wait, cancel).ConfigureAwait(false);
            return SigningFetch.State(answer.State) is SigningState.Waiting or SigningState.Running ? null : Conclude(reference, answer);
        }, cancellationToken);

    /// <summary>The outcome that an answer of the gateway shows; remembers the state where there is a record.</summary>
    public SigningOutcome Conclude(VerifiedRequest request, SigningReference reference, string stateWord, string? error, int? attempts, RoundBlobJson? result, bool isRecorded = true)
    {
        var state = SigningFetch.State(stateWord);
        IReadOnlyList<SignedItem>? items = null;
        if (result is not null)
        {
            using var session = profile.GetSession(reference.Group);
            items = ResultReading.Read(request, result.ToEnvelope(), session);
        }
        if (isRecorded)
        {
            profile.SigningRecords.Update(reference.Request, record =>
                record is null || (record.State == state && record.Unposted is null) ? null : record with { State = state, Unposted = null });
        }
        return new SigningOutcome(reference, state, SigningFetch.Error(error), items) { Attempts = attempts };
    }

    public void RequireThisGateway(SigningReference reference)
    {
        if (!GatewayAddress.Same(reference.Gateway, transport.Gateway))
        {
            throw new KeyMeldException(ErrorCodes.BadRequest, $"The signing is at the gateway {reference.Gateway}; connect to that one.");
        }
    }

    private SigningOutcome Conclude(SigningReference reference, SigningJson answer) =>
        Conclude(Verify(reference, answer), reference, answer.State, answer.Error, answer.Attempts, answer.Result);

    private VerifiedRequest Verify(SigningReference reference, SigningJson answer) => Verify(GroupFormation.Load(profile, profile.GroupRecords.Get(reference.Group)), reference, answer);

    private VerifiedRequest Verify(Group group, SigningReference reference, SigningJson answer)
    {
        using var session = profile.GetSession(reference.Group);
        return RequestCheck.Verify(group, reference.Request, answer.Request.ToStatement(), answer.Items, session);
    }

    private async Task<SigningJson> FetchAsync(SigningReference reference, int wait, CancellationToken cancellationToken)
    {
        RequireThisGateway(reference);
        using var reader = profile.GetReader(profile.GroupRecords.Get(reference.Group));
        return await SigningFetch.GetAsync(transport, reference.Request, reader, wait, cancellationToken).ConfigureAwait(false);
    }
}
