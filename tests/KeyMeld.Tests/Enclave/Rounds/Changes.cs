namespace KeyMeld.Tests.Enclave.Rounds;

internal static class Changes
{
    /// <summary>The same message after a change, for calls in one expression.</summary>
    public static T With<T>(this T message, Action<T> change)
    {
        change(message);
        return message;
    }
}
