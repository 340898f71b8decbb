// protocol.md section 6, "Nonces": fresh randomness for every pair, bound to everything that was agreed. BIP-327, "Nonce Generation".
using KeyMeld.Enclave.Groups;
using KeyMeld.Enclave.Identity;
using KeyMeld.Protocol.Errors;
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
            await batch.ForEachAsync(own.Count, index => nonces[index] = Draw(request, pairs[own[index]], group, context), cancellation);
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

    private static SecretNonce Draw(VerifiedRequest request, RoundPair pair, GroupBundle group, NonceContext context)
    {
        var item = request.Items[pair.Item];
        var chain = request.Roster.ChainOf(item.Subset, item.Tweaks);
        var extraInput = context.ExtraInput(pair.Item, pair.Signer, item.Subset, chain.Hash, item.Adaptor);
        return SecretNonce.Generate(group.KeyOf(pair.Signer), request.KeysOf(pair.Item), item.Message.Bytes, extraInput.Bytes, out _);
    }
}
