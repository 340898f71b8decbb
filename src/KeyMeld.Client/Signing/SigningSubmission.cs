using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Http;

namespace KeyMeld.Client;

/// <summary>POST /signing, and the waiting after it.</summary>
internal sealed class SigningSubmission(GatewayTransport transport, Profile profile, SigningProgress progress)
{
    public async Task<SigningOutcome> SubmitAsync(PreparedRequest request, TimeSpan timeout, CancellationToken cancellationToken)
    {
        progress.RequireThisGateway(request.Reference);
        var wait = (int)Math.Clamp(Math.Ceiling(timeout.TotalSeconds), 0, Waiting.LongestWait);
        var outcome = await PostAsync(request, wait, cancellationToken).ConfigureAwait(false);
        var left = timeout - TimeSpan.FromSeconds(wait);
        if ((outcome.IsFinal && outcome.Items is not null) || (wait == 0 && !outcome.IsFinal))
        {
            return outcome;
        }
        // Still running, or ended without showing its result here: ask.
        try
        {
            return outcome.IsFinal || left <= TimeSpan.Zero
                ? await progress.StatusAsync(request.Reference, cancellationToken).ConfigureAwait(false)
                : await progress.WaitAsync(request.Reference, left, cancellationToken).ConfigureAwait(false);
        }
        catch (KeyMeldException error) when (error.Code == ErrorCodes.StillPending)
        {
            return outcome;
        }
    }

    private async Task<SigningOutcome> PostAsync(PreparedRequest request, int wait, CancellationToken cancellationToken)
    {
        // Only a repeated statement needs it to be shown the result (protocol.md section 9).
        using var reader = request.MayBePosted ? profile.GetReader(profile.GroupRecords.Get(request.Reference.Group)) : null;
        var call = new GatewayCall<SigningPostedJson>(HttpMethod.Post, GatewayTargets.Signings, ProtocolJson.Default.SigningPostedJson)
        {
            Body = ProtocolJson.Utf8(request.ToJson(), ProtocolJson.Default.SigningPostJson),
            Reader = reader,
            Wait = wait,
            MostBytes = SigningFetch.AnswerBytes,
        };
        request.MayBePosted = true;
        try
        {
            var answer = await transport.SendAsync(call, cancellationToken).ConfigureAwait(false);
            if (answer.Id != request.Reference.Request)
            {
                throw GatewayAnswer.Invalid($"it is about the signing {answer.Id}, not {request.Reference.Request}");
            }
            return progress.Conclude(request.Request, request.Reference, answer.State, null, null, answer.Result, request.IsRecorded);
        }
        catch (KeyMeldException error) when (request.IsRecorded && GatewayRefusal.IsFinal(error))
        {
            profile.SigningRecords.Delete(request.Reference.Request);
            throw;
        }
    }
}
