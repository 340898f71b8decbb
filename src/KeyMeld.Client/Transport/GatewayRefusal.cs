using KeyMeld.Protocol.Errors;

namespace KeyMeld.Client;

/// <summary>What a failed call means for what was stored before it.</summary>
internal static class GatewayRefusal
{
    /// <summary>Whether the gateway refused what was posted for what it is: the same bytes will never be taken. Anything else leaves open whether they were.</summary>
    public static bool IsFinal(KeyMeldException error) => ErrorCodes.Get(error.Code) is { Retryable: false, Status: >= 400 and < 500 } && error.Code is not (
        ErrorCodes.SlotTaken or ErrorCodes.Conflict or ErrorCodes.AlreadyFormed or ErrorCodes.GatewayInsecure or ErrorCodes.Unauthorized);

    /// <summary>Whether waiting and asking again makes sense.</summary>
    public static bool MayPass(KeyMeldException error) => ErrorCodes.Get(error.Code).Retryable;
}
