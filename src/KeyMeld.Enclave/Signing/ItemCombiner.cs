// BIP-327, "Partial Signature Aggregation" and "Identifying Disruptive Signers": the final signature is verified, the partial ones only where that fails. A pre-signature
// is verified as such: BIP-340 says nothing of it until somebody with the secret completes it.
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Rounds;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Enclave.Signing;

/// <summary>One item of a batch from its partial signatures to its result.</summary>
internal static class ItemCombiner
{
    /// <summary>The verified signature or pre-signature, or who is to blame as far as that is known without verifying partial signatures; no node where it is not.</summary>
    public static ItemResult Combine(PreparedRound prepared, Hash32?[] partials, int item)
    {
        var id = prepared.Request.Items[item].Item;
        if (prepared.Sessions[item] is not { } session)
        {
            var fault = prepared.Faults[item]!;
            return new ItemResult.Failed(id, fault.Code, fault.Node);
        }
        var (start, count) = prepared.Pairs.Of(item);
        var parsed = new PartialSignature[count];
        for (var i = 0; i < count; i++)
        {
            if (partials[start + i] is not { } partial)
            {
                return new ItemResult.Failed(id, ErrorCodes.RoundBlobInvalid, NodeOf(prepared, start + i));
            }
            if (!PartialSignature.TryParse(partial.Bytes, out parsed[i]!))
            {
                return new ItemResult.Failed(id, ErrorCodes.PartialInvalid, NodeOf(prepared, start + i));
            }
        }
        return Verified(prepared.Request.Items[item], session, session.Aggregate(parsed)) ?? new ItemResult.Failed(id, ErrorCodes.SignatureInvalid);
    }

    private static ItemResult? Verified(SigningItem item, SigningSession session, SchnorrSignature aggregate)
    {
        var key = session.Aggregation.OutputKey;
        if (item.Adaptor is not { } point)
        {
            return key.Verify(session.Message, aggregate) ? new ItemResult.Completed(item.Item, aggregate) : null;
        }
        return PreSignature.TryParse(aggregate.Bytes, out var preSignature) && preSignature.Verify(key, session.Message, point) ? new ItemResult.PreSigned(item.Item, aggregate) : null;
    }

    /// <summary>Names the node whose partial signature spoiled an item, where <see cref="Combine"/> could not.</summary>
    public static ItemResult Blame(PreparedRound prepared, Hash32?[] partials, int item, ItemResult result)
    {
        if (result is not ItemResult.Failed { Node: null } || prepared.Sessions[item] is not { } session)
        {
            return result;
        }
        var (start, count) = prepared.Pairs.Of(item);
        for (var pair = start; pair < start + count; pair++)
        {
            var key = prepared.Request.Roster.Members[prepared.Pairs[pair].Signer].Key;
            if (!session.VerifyPartial(PartialSignature.Parse(partials[pair]!.Value.Bytes), prepared.Nonces![pair]!, key))
            {
                return new ItemResult.Failed(result.Item, ErrorCodes.PartialInvalid, NodeOf(prepared, pair));
            }
        }
        return result;
    }

    private static NodeId NodeOf(PreparedRound prepared, int pair) => prepared.Request.Nodes[prepared.Pairs.NodeOf(pair)];
}
