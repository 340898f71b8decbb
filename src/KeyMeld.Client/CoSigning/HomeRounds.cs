using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Signing;

namespace KeyMeld.Client;

/// <summary>One signing from the side of a member at home: asks what is due, does it after every check, says so, until the signing is final.</summary>
internal sealed class HomeRounds(GatewayTransport transport, Profile profile, HomeNode node, TimeProvider time, CoSignerOptions options, SigningReference reference)
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(250);

    private readonly SigningProgress _progress = new(transport, profile, time);
    private bool _decided;

    public async Task<SigningOutcome> RunAsync(CancellationToken cancellationToken)
    {
        _progress.RequireThisGateway(reference);
        Tell(new CoSignerEvent.Following(reference));
        for (var failures = 0; ;)
        {
            var asked = time.GetTimestamp();
            try
            {
                if (await StepAsync(cancellationToken).ConfigureAwait(false) is { } outcome)
                {
                    await node.BurnAsync(reference.Request).ConfigureAwait(false);
                    Tell(new CoSignerEvent.Ended(outcome));
                    return outcome;
                }
                failures = 0;
                // A gateway that does not hold the question back is not asked in a tight loop.
                if (time.GetElapsedTime(asked) < ShortestPause)
                {
                    await Task.Delay(ShortestPause, time, cancellationToken).ConfigureAwait(false);
                }
            }
            catch (KeyMeldException error) when (MayPass(error))
            {
                var pause = TimeSpan.FromTicks(Math.Min(LongestPause.Ticks, ShortestPause.Ticks << Math.Min(failures++, 10)));
                Tell(new CoSignerEvent.Retrying(reference, error.Code, error.Message, pause));
                await Task.Delay(pause, time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    // A relay fault passes with the next attempt, which is opened here, and an approval may come tomorrow; everything else that may pass is the gateway's.
    private static bool MayPass(KeyMeldException error) => GatewayRefusal.MayPass(error) && error.Code is not (ErrorCodes.RelayFault or ErrorCodes.ApprovalsMissing);

    private async Task<SigningOutcome?> StepAsync(CancellationToken cancellationToken)
    {
        using var reader = profile.GetReader(profile.GroupRecords.Get(reference.Group));
        var call = new GatewayCall<RoundsJson>(HttpMethod.Get, GatewayTargets.Rounds(reference.Request), ProtocolJson.Default.RoundsJson)
        {
            Reader = reader,
            Wait = Waiting.LongestWait,
            MostBytes = SigningFetch.AnswerBytes,
        };
        var rounds = await transport.SendAsync(call, cancellationToken).ConfigureAwait(false);
        if (rounds.Id != reference.Request)
        {
            throw GatewayAnswer.Invalid($"it is about the signing {rounds.Id}, not {reference.Request}");
        }
        if (SigningFetch.State(rounds.State) is not (SigningState.Waiting or SigningState.Running))
        {
            return await _progress.StatusAsync(reference, cancellationToken).ConfigureAwait(false);
        }
        if (rounds is { Round: { } round, Attempt: { } attempt })
        {
            var signing = await SigningFetch.GetAsync(transport, reference.Request, reader, 0, cancellationToken).ConfigureAwait(false);
            await RequireDecisionAsync(signing, cancellationToken).ConfigureAwait(false);
            await (round switch
            {
                RoundsJson.First => OpenAsync(signing, attempt, cancellationToken),
                RoundsJson.Second => SignAsync(signing, attempt, rounds.Round1 ?? [], cancellationToken),
                _ => throw GatewayAnswer.Invalid($"it asks for the round '{UntrustedText.Show(round)}'"),
            }).ConfigureAwait(false);
        }
        return null;
    }

    private async Task RequireDecisionAsync(SigningJson signing, CancellationToken cancellationToken)
    {
        if (_decided)
        {
            return;
        }
        var review = _progress.Review(reference, signing);
        _decided = options.Decide is { } decide
            ? await decide(review, cancellationToken).ConfigureAwait(false)
            : Owner.Decided(profile.SigningRecords.Find(reference.Request));
        if (!_decided)
        {
            throw new KeyMeldException(ErrorCodes.ApprovalsMissing, "The owner of this key has not decided to sign this request: it is not signed here.");
        }
    }

    private async Task OpenAsync(SigningJson signing, int attempt, CancellationToken cancellationToken)
    {
        RoundBlobEnvelope blob;
        try
        {
            blob = await MakeRound1Async(signing, attempt, cancellationToken).ConfigureAwait(false);
        }
        catch (KeyMeldException error) when (error.Code == ErrorCodes.AttemptStale)
        {
            blob = await MakeRound1Async(signing, attempt + 1, cancellationToken).ConfigureAwait(false);
        }
        await PostAsync(blob, cancellationToken).ConfigureAwait(false);
        Tell(new CoSignerEvent.SentNonces(reference, blob.Attempt));
    }

    private async Task SignAsync(SigningJson signing, int attempt, IReadOnlyList<RoundBlobJson> round1, CancellationToken cancellationToken)
    {
        RoundBlobEnvelope blob;
        try
        {
            blob = await node.SignAsync(reference.Request, attempt, [.. round1.Select(one => one.ToEnvelope())], ApprovalsOf(signing), cancellationToken).ConfigureAwait(false);
        }
        catch (KeyMeldException error) when (error.Code is ErrorCodes.NotLoaded or ErrorCodes.NonceAlreadyUsed or ErrorCodes.RelayFault)
        {
            // The nonces of this attempt are gone, or its set is not what the nodes said: only a higher attempt leads on, and opening it says so.
            Tell(new CoSignerEvent.Retrying(reference, error.Code, error.Message, TimeSpan.Zero));
            await OpenAsync(signing, attempt + 1, cancellationToken).ConfigureAwait(false);
            return;
        }
        await PostAsync(blob, cancellationToken).ConfigureAwait(false);
        Tell(new CoSignerEvent.SentPartials(reference, attempt));
    }

    private Task<RoundBlobEnvelope> MakeRound1Async(SigningJson signing, int attempt, CancellationToken cancellationToken) =>
        node.OpenAsync(signing.Request.ToStatement(), signing.Items, ApprovalsOf(signing), attempt, cancellationToken);

    private async Task PostAsync(RoundBlobEnvelope blob, CancellationToken cancellationToken)
    {
        var body = ProtocolJson.Utf8(RoundBlobJson.Of(blob), ProtocolJson.Default.RoundBlobJson);
        var call = new GatewayCall<StateJson>(HttpMethod.Post, GatewayTargets.Rounds(reference.Request), ProtocolJson.Default.StateJson) { Body = body };
        try
        {
            await transport.SendAsync(call, cancellationToken).ConfigureAwait(false);
        }
        catch (KeyMeldException error) when (error.Code is ErrorCodes.AttemptStale or ErrorCodes.Conflict or ErrorCodes.Cancelled or ErrorCodes.Rejected or ErrorCodes.Expired)
        {
            // The rounds went on meanwhile: the next question says where they are.
        }
    }

    private static IReadOnlyCollection<Protocol.Statements.SignedStatement> ApprovalsOf(SigningJson signing) => [.. signing.Approvals.Select(approval => approval.ToStatement())];

    private void Tell(CoSignerEvent what) => options.OnEvent?.Invoke(what);
}
