// protocol.md section 6, "Nonces": fresh randomness for every pair, bound to everything that was agreed; taken out before anything is signed with it.
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Signing;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Rounds;

/// <summary>What a node does with its members' keys in the two rounds.</summary>
public static class NodeSigner
{
    /// <summary>One nonce for each of a node's pairs, in their order; where that fails, none.</summary>
    /// <param name="batch">Spreads the work over the cores.</param>
    /// <param name="request">The request.</param>
    /// <param name="pairs">Its pairs.</param>
    /// <param name="node">The node.</param>
    /// <param name="keyOf">The member key of a signer of this node.</param>
    /// <param name="context">Request, attempt and boot.</param>
    /// <param name="cancellation">Stops the work.</param>
    public static async Task<SecretNonce[]> DrawAsync(
        BatchRunner batch, VerifiedRequest request, PairMap pairs, NodeId node, Func<int, SecretKey> keyOf, NonceContext context, CancellationToken cancellation)
    {
        var own = pairs.OfNode(request.PlaceOf(node));
        var nonces = new SecretNonce?[own.Count];
        var complete = false;
        try
        {
            await batch.ForEachAsync(own.Count, index => nonces[index] = Draw(request, pairs[own[index]], keyOf(pairs[own[index]].Signer), context), cancellation).ConfigureAwait(false);
            complete = true;
            return nonces!;
        }
        finally
        {
            if (!complete)
            {
                Array.ForEach(nonces, nonce => nonce?.Dispose());
            }
        }
    }

    /// <summary>Signs the node's pairs of items that are not left out. Whatever happens, all the nonces are used up or wiped.</summary>
    /// <param name="prepared">The round-1 set.</param>
    /// <param name="node">The node.</param>
    /// <param name="nonces">The nonces of the node's pairs, in their order, taken out of wherever they were.</param>
    /// <param name="keyOf">The member key of a signer of this node.</param>
    public static Round2Entry[] Sign(PreparedRound prepared, NodeId node, SecretNonce[] nonces, Func<int, SecretKey> keyOf)
    {
        var own = prepared.Pairs.OfNode(prepared.Request.PlaceOf(node));
        var entries = new Round2Entry?[nonces.Length];
        try
        {
            // No turn is waited for: the nonces are out of their table, and what is not signed now is never.
            BatchRunner.InParallel(nonces.Length, index =>
            {
                var pair = prepared.Pairs[own[index]];
                if (prepared.Sessions[pair.Item] is { } session)
                {
                    var partial = session.Sign(nonces[index], keyOf(pair.Signer));
                    entries[index] = new Round2Entry(prepared.Request.Items[pair.Item].Item, pair.Signer, new Hash32(partial.Bytes));
                }
            }, CancellationToken.None);
            return [.. entries.Where(entry => entry is not null).Select(entry => entry!.Value)];
        }
        finally
        {
            Array.ForEach(nonces, nonce => nonce.Dispose());
        }
    }

    private static SecretNonce Draw(VerifiedRequest request, RoundPair pair, SecretKey key, NonceContext context)
    {
        var item = request.Items[pair.Item];
        var chain = request.Roster.ChainOf(item.Subset, item.Tweaks);
        var extraInput = context.ExtraInput(pair.Item, pair.Signer, item.Subset, chain.Hash, item.Adaptor);
        return SecretNonce.Generate(key, request.KeysOf(pair.Item), item.Message.Bytes, extraInput.Bytes, out _);
    }
}
