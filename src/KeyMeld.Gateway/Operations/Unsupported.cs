using KeyMeld.Protocol.Errors;

namespace KeyMeld.Gateway.Operations;

/// <summary>Calls of the protocol that this build does not offer: members that sign at home.</summary>
internal static class Unsupported
{
    public static Task HandleAsync(HttpContext context) => throw new KeyMeldException(ErrorCodes.Unsupported, "This build hosts every member in an enclave.");
}
