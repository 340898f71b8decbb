// Responses of /dev/nsm. Member order varies between implementations; unknown or repeated members and trailing bytes are refused.
using System.Formats.Cbor;

namespace KeyMeld.Enclave.Nsm.Messages;

internal static class NsmResponse
{
    /// <summary>The buffer the driver gets: a smaller one is filled and cut without a word.</summary>
    public const int MaxBytes = 0x3000;

    private static readonly HashSet<string> DeviceErrors =
        ["InvalidArgument", "InvalidIndex", "InvalidResponse", "ReadOnlyIndex", "InvalidOperation", "BufferTooSmall", "InputTooLarge", "InternalError"];

    /// <exception cref="NsmException">It is an error, or no answer to an attestation request.</exception>
    public static byte[] ReadDocument(ReadOnlyMemory<byte> response) => ReadBytes(response, "Attestation", "document", MaxBytes);

    /// <exception cref="NsmException">It is an error, or no answer to a request for random bytes.</exception>
    public static byte[] ReadRandom(ReadOnlyMemory<byte> response) => ReadBytes(response, "GetRandom", "random", 256);

    private static byte[] ReadBytes(ReadOnlyMemory<byte> response, string variant, string member, int most)
    {
        try
        {
            var reader = new CborReader(response, CborConformanceMode.Strict);
            EnterMap(reader);
            var name = reader.ReadTextString();
            if (name == "Error")
            {
                throw Refused(reader.ReadTextString());
            }
            if (name != variant)
            {
                throw Malformed();
            }
            EnterMap(reader);
            if (reader.ReadTextString() != member)
            {
                throw Malformed();
            }
            var bytes = reader.ReadByteString();
            reader.ReadEndMap();
            reader.ReadEndMap();
            return reader.BytesRemaining == 0 && bytes.Length is > 0 && bytes.Length <= most ? bytes : throw Malformed();
        }
        catch (Exception exception) when (exception is CborContentException or InvalidOperationException or OverflowException)
        {
            throw Malformed(exception);
        }
    }

    // One entry, in the definite or the indefinite form.
    private static void EnterMap(CborReader reader)
    {
        if (reader.ReadStartMap() is not (null or 1))
        {
            throw Malformed();
        }
    }

    private static NsmException Refused(string error) => DeviceErrors.Contains(error)
        ? new NsmException(NsmFailure.Refused, $"The Nitro Secure Module answered {error}.") { DeviceError = error }
        : Malformed();

    private static NsmException Malformed(Exception? inner = null) =>
        new(NsmFailure.Malformed, "The Nitro Secure Module's answer is not what was asked for.", inner);
}
