// The payload of an attestation document: COSE_Sign1 = [protected, unprotected, payload, signature], payload = map with "timestamp" in ms.
using System.Formats.Cbor;
using KeyMeld.Enclave.Nsm;

namespace KeyMeld.Enclave.Clock;

/// <summary>Takes the timestamp out of a document that this enclave's own module just made; nothing is verified.</summary>
internal static class AttestationTimestamp
{
    // 2020-01-01 and 2100-01-01: outside is no time of a Nitro enclave.
    private const long Earliest = 1_577_836_800_000;
    private const long Latest = 4_102_444_800_000;

    /// <exception cref="NsmException">There is none.</exception>
    public static long Read(ReadOnlyMemory<byte> document)
    {
        try
        {
            var outer = new CborReader(document, CborConformanceMode.Strict);
            if (outer.PeekState() is CborReaderState.Tag)
            {
                outer.ReadTag();
            }
            outer.ReadStartArray();
            outer.SkipValue();
            outer.SkipValue();
            var timestamp = ReadPayload(new CborReader(outer.ReadByteString(), CborConformanceMode.Strict));
            return timestamp is >= Earliest and <= Latest ? timestamp : throw Malformed();
        }
        catch (Exception exception) when (exception is CborContentException or InvalidOperationException or OverflowException)
        {
            throw Malformed(exception);
        }
    }

    private static long ReadPayload(CborReader payload)
    {
        payload.ReadStartMap();
        while (payload.PeekState() is not CborReaderState.EndMap)
        {
            if (payload.ReadTextString() == "timestamp")
            {
                return payload.ReadInt64();
            }
            payload.SkipValue();
        }
        throw Malformed();
    }

    private static NsmException Malformed(Exception? inner = null) =>
        new(NsmFailure.Malformed, "The attestation document has no timestamp.", inner);
}
