using KeyMeld.Enclave.Groups;
using KeyMeld.Enclave.Identity;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Rounds;
using KeyMeld.Protocol.Signing;

namespace KeyMeld.Enclave.Signing;

/// <summary>Draws the nonces of an attempt, and counts them.</summary>
internal sealed class NonceMaker(BatchRunner batch, Boot boot, EnclaveCounters counters)
{
    /// <summary>One nonce for each of this enclave's pairs.</summary>
    /// <exception cref="KeyMeldException"><c>not_loaded</c>: a member's key was forgotten meanwhile.</exception>
    public async Task<HeldNonces> DrawAsync(VerifiedRequest request, PairMap pairs, GroupBundle group, int attempt, CancellationToken cancellation)
    {
        var context = new NonceContext(request.Digest, attempt, boot.Id);
        var nonces = await NodeSigner.DrawAsync(batch, request, pairs, group.Node, group.KeyOf, context, cancellation);
        counters.NoncesIssued(nonces.Length);
        return new HeldNonces(nonces, count => counters.NoncesBurnt(count));
    }
}
