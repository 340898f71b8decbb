using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Signing;

namespace KeyMeld.Enclave.Signing;

/// <summary>What parses and is valid, but not offered yet.</summary>
internal static class Supported
{
    /// <exception cref="KeyMeldException"><c>unsupported</c>.</exception>
    public static void Require(VerifiedRequest request)
    {
        if (request.HasAdaptors)
        {
            throw new KeyMeldException(ErrorCodes.Unsupported, "This build does not offer adaptor signatures.");
        }
    }
}
