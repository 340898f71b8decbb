using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Protocol.Signing;
using KeyMeld.Protocol.Statements;

namespace KeyMeld.Client;

/// <summary>Opens a result: an enclave of the group signed it, and every signature in it verifies under the group record's keys (protocol.md section 6).</summary>
internal static class ResultReading
{
    /// <exception cref="Protocol.Errors.KeyMeldException"><c>relay_fault</c>, <c>round_blob_invalid</c>, <c>signature_invalid</c>: the gateway served a wrong result.</exception>
    public static IReadOnlyList<SignedItem> Read(VerifiedRequest request, RoundBlobEnvelope blob, SessionSecret session)
    {
        var results = SignedResult.Open(request, new SessionCipher(session, request.Roster.ManifestHash), blob);
        return [.. results.Select((result, index) => Read(request, index, result))];
    }

    private static SignedItem Read(VerifiedRequest request, int index, ItemResult result)
    {
        var item = request.Items[index];
        return result switch
        {
            ItemResult.Completed completed => new SignedItem.Signed(item.Item, item.Message, request.KeysOf(index).OutputKey, completed.Signature),
            ItemResult.PreSigned { Verified: { } verified } => new SignedItem.PreSigned(item.Item, item.Message, verified),
            ItemResult.Failed failed => new SignedItem.Failed(item.Item, item.Message, failed.Error, CulpritOf(failed.Node)),
            _ => throw GatewayAnswer.Invalid("the result has something other than a signature"),
        };
    }

    private static Culprit? CulpritOf(NodeId? node) => node switch
    {
        null => null,
        { Kind: NodeKind.Enclave, Index: var enclave } => new Culprit(enclave, null),
        { Index: var member } => new Culprit(null, member),
    };
}
