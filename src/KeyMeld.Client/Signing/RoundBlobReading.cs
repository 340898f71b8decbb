using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Signing;

namespace KeyMeld.Client;

/// <summary>A round blob as JSON carries it.</summary>
internal static class RoundBlobReading
{
    public static RoundBlobEnvelope ToEnvelope(this RoundBlobJson json) => json.Node is [0 or 1, >= 0]
        ? new RoundBlobEnvelope(json.Attempt, new NodeId((NodeKind)json.Node[0], json.Node[1]), json.Boot, json.Tau, json.Blob, json.Signature)
        : throw GatewayAnswer.Invalid("a round blob names no node");
}
