// protocol.md section 6, "Nonces": fresh randomness for every pair, bound to everything that was agreed. BIP-327, "Nonce Generation".
using KeyMeld.Enclave.Groups;
using KeyMeld.Enclave.Identity;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Rounds;
using KeyMeld.Protocol.Signing;
using KeyMeld.Secp256k1;

namespace KeyMeld.Enclave.Signing;

/// <summary>Draws the nonces of an attempt.</summary>
internal sealed class NonceMaker(BatchRunner batch, Boot boot, EnclaveCounters counters)
{
    /// <summary>One nonce for each of this enclave's pairs.</summary>
    /// <exception cref="KeyMeldException"><c>not_loaded</c>: a member's key was forgotten meanwhile.</exception>
    public async Task<HeldNonces> DrawAsync(VerifiedRequest request, PairMap pairs, GroupBundle group, int attempt, CancellationToken cancellation)
    {
        var own = pairs.OfNode(request.PlaceOf(group.Node));
        var context = new NonceContext(request.Digest, attempt, boot.Id);
        var nonces = new SecretNonce[own.Count];
        var complete = false;
        try
        {
            await batch.ForEachAsync(own.Count, index => nonces[index] = NodeSigner.DrawNonce(request, pairs[own[index]], group.KeyOf(pairs[own[index]].Signer), context), cancellation);
            complete = true;
            return new HeldNonces(nonces, counters);
        }
        finally
        {
            if (!complete)
            {
                HeldNonces.Wipe(nonces);
            }
        }
    }
}
