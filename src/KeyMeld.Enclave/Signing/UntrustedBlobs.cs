using Google.Protobuf;
using KeyMeld.Enclave.Groups;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Signing;
using KeyMeld.Secp256k1;
using KeyMeld.Wire.V1;

namespace KeyMeld.Enclave.Signing;

/// <summary>Round blobs between the wire and what their signatures are over.</summary>
internal static class UntrustedBlobs
{
    /// <summary>A blob as the host hands it over; nobody has checked it.</summary>
    /// <exception cref="KeyMeldException"><c>relay_fault</c>: it cannot be what a node sent.</exception>
    public static RoundBlobEnvelope Read(RoundBlob blob)
    {
        if (blob.NodeKind > (uint)NodeKind.Home || !SchnorrSignature.TryParse(blob.Signature.Span, out var signature)
            || blob.Boot.Length != Id16.Size || blob.Tau.Length is not (0 or Hash32.Size) || blob.Attempt > int.MaxValue || blob.NodeIndex > int.MaxValue)
        {
            throw new KeyMeldException(ErrorCodes.RelayFault, "A round blob has not the form of one.");
        }
        return new RoundBlobEnvelope(
            (int)blob.Attempt,
            new NodeId((NodeKind)blob.NodeKind, (int)blob.NodeIndex),
            new Id16(blob.Boot.Span),
            blob.Tau.IsEmpty ? null : new Hash32(blob.Tau.Span),
            blob.Blob.Memory,
            signature);
    }

    public static RoundBlobEnvelope[] Read(IReadOnlyCollection<RoundBlob> blobs) => [.. blobs.Select(Read)];

    public static RoundBlob ToWire(this RoundBlobEnvelope envelope) => new()
    {
        Attempt = (uint)envelope.Attempt,
        NodeKind = (uint)envelope.Node.Kind,
        NodeIndex = (uint)envelope.Node.Index,
        Boot = ByteString.CopyFrom(envelope.Boot.Bytes),
        Tau = envelope.Tau is { } tau ? ByteString.CopyFrom(tau.Bytes) : ByteString.Empty,
        Blob = UnsafeByteOperations.UnsafeWrap(envelope.Blob),
        Signature = ByteString.CopyFrom(envelope.Signature.Bytes),
    };

    /// <summary>An attempt as the host names it, from 1.</summary>
    public static int Attempt(uint attempt) =>
        attempt is > 0 and <= int.MaxValue ? (int)attempt : throw new KeyMeldException(ErrorCodes.BadRequest, "Attempts are counted from 1.");

    public static Hash32 Roster(ByteString bytes) => Untrusted.Hash(bytes, "roster hash");
}
