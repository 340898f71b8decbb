namespace KeyMeld.Fuzz;

/// <summary>One parser of foreign bytes with what it promises.</summary>
/// <param name="Name">Its name on the command line.</param>
/// <param name="Seeds">Inputs to begin with: the vectors.</param>
/// <param name="Play">
/// Plays one input. It returns when the parser accepted the bytes and its property held, or refused them with its own exception; everything else it lets out is a fault.
/// </param>
internal sealed record FuzzTarget(string Name, Func<IEnumerable<byte[]>> Seeds, Action<byte[]> Play)
{
    /// <summary>A target whose parser refuses with exactly one type of exception.</summary>
    public static FuzzTarget Of<TRefusal>(string name, Func<IEnumerable<byte[]>> seeds, Action<byte[]> play, Func<TRefusal, bool>? expected = null)
        where TRefusal : Exception => new(name, seeds, input =>
    {
        try
        {
            play(input);
        }
        catch (TRefusal refusal) when (expected?.Invoke(refusal) ?? true)
        {
        }
    });
}

/// <summary>A property of a parser does not hold for some input.</summary>
internal sealed class PropertyException(string message) : Exception(message)
{
    public static void Require(bool holds, string property)
    {
        if (!holds)
        {
            throw new PropertyException(property);
        }
    }

    public static void RequireEqual(ReadOnlySpan<byte> expected, ReadOnlySpan<byte> actual, string property) => Require(expected.SequenceEqual(actual), property);
}
