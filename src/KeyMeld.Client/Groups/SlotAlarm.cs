using KeyMeld.Protocol.Errors;

namespace KeyMeld.Client;

/// <summary>Somebody else is in the own place: never a mere failure.</summary>
internal static class SlotAlarm
{
    public static KeyMeldException Raise(Exception? inner = null) =>
        new(ErrorCodes.SlotTaken, "SECURITY: somebody else registered in this place. Your admission key is known to others. Do not use this group; tell its creator.", inner);
}
