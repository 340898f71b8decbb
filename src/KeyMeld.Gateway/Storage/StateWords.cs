namespace KeyMeld.Gateway.Storage;

/// <summary>The words of protocol.md section 9 for states, in the database and on the wire alike.</summary>
internal static class StateWords
{
    public static string Word(this GroupState state) => state switch
    {
        GroupState.Joining => "joining",
        GroupState.Formed => "formed",
        GroupState.Failed => "failed",
        GroupState.Expired => "expired",
        GroupState.Erased => "erased",
        _ => throw new ArgumentOutOfRangeException(nameof(state)),
    };

    public static string Word(this SigningState state) => state switch
    {
        SigningState.Waiting => "waiting",
        SigningState.Running => "running",
        SigningState.Completed => "completed",
        SigningState.Failed => "failed",
        SigningState.Expired => "expired",
        SigningState.Cancelled => "cancelled",
        SigningState.Rejected => "rejected",
        _ => throw new ArgumentOutOfRangeException(nameof(state)),
    };

    public static GroupState Group(string word) => Find(Enum.GetValues<GroupState>(), word, Word);

    public static SigningState Signing(string word) => Find(Enum.GetValues<SigningState>(), word, Word);

    public static bool IsFinal(this SigningState state) => state is not (SigningState.Waiting or SigningState.Running);

    private static T Find<T>(T[] values, string word, Func<T, string> text)
        where T : struct
    {
        foreach (var value in values)
        {
            if (text(value) == word)
            {
                return value;
            }
        }
        throw new UnreadableRowException($"'{word}' is no state.");
    }
}
