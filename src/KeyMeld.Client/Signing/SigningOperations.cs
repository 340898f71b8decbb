using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Client;

/// <summary>Requesting, reviewing, approving and collecting signatures (protocol.md section 6).</summary>
public sealed class SigningOperations
{
    private static readonly TimeSpan OneWait = TimeSpan.FromSeconds(Waiting.LongestWait);
    private readonly Profile _profile;
    private readonly SigningPreparation _preparation;
    private readonly SigningSubmission _submission;
    private readonly SigningProgress _progress;
    private readonly SigningDecisions _decisions;

    internal SigningOperations(GatewayTransport transport, EnclaveVerifier verifier, Profile profile, TimeProvider time)
    {
        _profile = profile;
        _progress = new SigningProgress(transport, profile, time);
        _preparation = new SigningPreparation(verifier, profile, time);
        _submission = new SigningSubmission(transport, profile, _progress);
        _decisions = new SigningDecisions(transport, verifier, profile, _progress, time);
    }

    /// <summary>Verifies the enclaves that host signers, builds and signs a request and stores it; posts nothing.</summary>
    /// <param name="group">A verified group.</param>
    /// <param name="contents">What to sign, 1 to 10,000 items.</param>
    /// <param name="options">How.</param>
    /// <param name="cancellationToken">Stops the calls.</param>
    /// <exception cref="KeyMeldException"><c>request_invalid</c>, <c>limit_exceeded</c>, <c>signing_closed</c>, <c>attestation_invalid</c>, <c>enclave_changed</c>, …</exception>
    public async Task<PreparedRequest> PrepareAsync(Group group, IReadOnlyList<SigningContent> contents, RequestOptions? options = null, CancellationToken cancellationToken = default) =>
        (await PrepareManyAsync(group, [contents], options, cancellationToken).ConfigureAwait(false))[0];

    /// <summary>Several requests in one operation: the enclaves are verified once for all of them.</summary>
    /// <inheritdoc cref="PrepareAsync"/>
    public Task<IReadOnlyList<PreparedRequest>> PrepareManyAsync(
        Group group, IReadOnlyList<IReadOnlyList<SigningContent>> contents, RequestOptions? options = null, CancellationToken cancellationToken = default) =>
        PrepareManyAsync([.. contents.Select(items => (group, items))], options, cancellationToken);

    /// <summary>Several requests, of any groups, in one operation: the enclaves are verified once for all of them.</summary>
    /// <param name="requests">What each asks of which verified group, 1 to 10,000 items.</param>
    /// <param name="options">How, all of them.</param>
    /// <param name="cancellationToken">Stops the calls.</param>
    /// <returns>In the order asked.</returns>
    /// <exception cref="KeyMeldException">As for one.</exception>
    public Task<IReadOnlyList<PreparedRequest>> PrepareManyAsync(
        IReadOnlyList<(Group Group, IReadOnlyList<SigningContent> Contents)> requests, RequestOptions? options = null, CancellationToken cancellationToken = default) =>
        _preparation.PrepareAsync(requests, options ?? new RequestOptions(), cancellationToken);

    /// <summary>Posts a prepared request, the same bytes each time it is called, and waits for the end in the same call: where nobody else has to approve, that one HTTP call signs.</summary>
    /// <param name="request">The request.</param>
    /// <param name="timeout">How long to wait: 30 seconds (one call) by default, zero not at all.</param>
    /// <param name="cancellationToken">Stops the waiting, not the signing.</param>
    /// <returns>How it stands then; final or not.</returns>
    /// <exception cref="KeyMeldException">What the gateway answered; <c>signature_invalid</c>, <c>round_blob_invalid</c>: it served a wrong result.</exception>
    public Task<SigningOutcome> SubmitAsync(PreparedRequest request, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        _submission.SubmitAsync(request, timeout ?? OneWait, cancellationToken);

    /// <summary>Requests signatures; the answer names the signing for the other members. A member's request counts as its approval.</summary>
    /// <inheritdoc cref="PrepareAsync"/>
    public async Task<SigningReference> RequestAsync(Group group, IReadOnlyList<SigningContent> contents, RequestOptions? options = null, CancellationToken cancellationToken = default)
    {
        var request = await PrepareAsync(group, contents, options, cancellationToken).ConfigureAwait(false);
        await SubmitAsync(request, TimeSpan.Zero, cancellationToken).ConfigureAwait(false);
        return request.Reference;
    }

    /// <summary>Requests and waits in the same call: where no other approval is needed, one HTTP POST signs. Throws unless every item is signed.</summary>
    /// <param name="group">A verified group.</param>
    /// <param name="contents">What to sign, 1 to 10,000 items.</param>
    /// <param name="options">How.</param>
    /// <param name="timeout">How long to wait; as long as the request lives when null.</param>
    /// <param name="cancellationToken">Stops the waiting, not the signing.</param>
    /// <exception cref="KeyMeldException">With the code that says why not; <c>still_pending</c> when it still runs at the end of <paramref name="timeout"/>.</exception>
    public async Task<SigningOutcome> SignAsync(
        Group group, IReadOnlyList<SigningContent> contents, RequestOptions? options = null, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        options ??= new RequestOptions();
        var request = await PrepareAsync(group, contents, options, cancellationToken).ConfigureAwait(false);
        return (await SubmitAsync(request, timeout ?? options.Lifetime, cancellationToken).ConfigureAwait(false)).RequireSigned();
    }

    /// <summary>Fetches, verifies and opens a request for whoever decides on it.</summary>
    /// <exception cref="KeyMeldException"><c>request_invalid</c>, <c>items_invalid</c>, <c>approval_invalid</c>, <c>not_found</c>, …</exception>
    public Task<SigningReview> ReviewAsync(SigningReference reference, CancellationToken cancellationToken = default) => _progress.ReviewAsync(reference, cancellationToken);

    /// <summary>Approves what the review showed, after verifying the enclaves that host signers.</summary>
    /// <exception cref="KeyMeldException"><c>opaque_message</c>: an item's content was not shown; <c>context_mismatch</c>; <c>expired</c>; <c>not_yet_valid</c>; …</exception>
    public Task<SigningOutcome> ApproveAsync(SigningReview review, ApproveOptions? options = null, CancellationToken cancellationToken = default) =>
        _decisions.ApproveAsync(review, options ?? new ApproveOptions(), isOpaque: false, cancellationToken);

    /// <summary>Approves with the approver's own copies of what the request carries only the hash of.</summary>
    /// <exception cref="KeyMeldException"><c>context_mismatch</c>: a copy is of no item; <c>opaque_message</c>: an item is still not shown; and as above.</exception>
    public Task<SigningOutcome> ApproveAsync(SigningReview review, IEnumerable<Stream> contents, ApproveOptions? options = null, CancellationToken cancellationToken = default)
    {
        foreach (var content in contents)
        {
            if (review.Match(content) == 0)
            {
                throw new KeyMeldException(ErrorCodes.ContextMismatch, "A given content is not what any item would sign.");
            }
        }
        return ApproveAsync(review, options, cancellationToken);
    }

    /// <summary>Approves although nothing shows what (some of) the messages are. Content that is shown and does not match is refused all the same.</summary>
    /// <exception cref="KeyMeldException"><c>context_mismatch</c>, <c>unsupported</c>, <c>expired</c>, …</exception>
    public Task<SigningOutcome> ApproveOpaqueAsync(SigningReview review, ApproveOptions? options = null, CancellationToken cancellationToken = default) =>
        _decisions.ApproveAsync(review, options ?? new ApproveOptions(), isOpaque: true, cancellationToken);

    /// <summary>Rejects a request: final at every enclave that sees it.</summary>
    /// <exception cref="KeyMeldException"><c>not_found</c>, or what the gateway answered.</exception>
    public Task<SigningOutcome> RejectAsync(SigningReference reference, CancellationToken cancellationToken = default) => _decisions.RejectAsync(reference, cancellationToken);

    /// <summary>The requester takes its request back.</summary>
    /// <exception cref="KeyMeldException"><c>not_found</c>: this profile did not request it; or what the gateway answered.</exception>
    public Task<SigningOutcome> CancelAsync(SigningReference reference, CancellationToken cancellationToken = default) => _decisions.CancelAsync(reference, cancellationToken);

    /// <summary>How a signing stands now, its result verified if there is one.</summary>
    /// <exception cref="KeyMeldException"><c>signature_invalid</c>, <c>round_blob_invalid</c>: the gateway served a wrong result; …</exception>
    public Task<SigningOutcome> StatusAsync(SigningReference reference, CancellationToken cancellationToken = default) => _progress.StatusAsync(reference, cancellationToken);

    /// <summary>Waits until a signing is final. Items may have failed one by one: see the outcome.</summary>
    /// <param name="reference">Which signing.</param>
    /// <param name="timeout">How long; without end when null.</param>
    /// <param name="cancellationToken">Stops the waiting.</param>
    /// <exception cref="KeyMeldException"><c>still_pending</c>, <c>signature_invalid</c>, …</exception>
    public Task<SigningOutcome> WaitAsync(SigningReference reference, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        _progress.WaitAsync(reference, timeout, cancellationToken);

    /// <summary>The signings this profile requested or decided on, of all gateways.</summary>
    /// <exception cref="KeyMeldException"><c>profile_invalid</c></exception>
    public IReadOnlyList<SigningSummary> List() => [.. _profile.SigningRecords.List().Select(SigningSummary.Of)];

    /// <summary>A prepared request that was stored and perhaps not posted, for example by a process that was killed.</summary>
    /// <exception cref="KeyMeldException"><c>not_found</c>: this profile did not request it, or the gateway has it already.</exception>
    public PreparedRequest Resume(Hash32 request) => _preparation.Resume(request);
}
