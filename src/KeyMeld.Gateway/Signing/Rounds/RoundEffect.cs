namespace KeyMeld.Gateway.Signing.Rounds;

/// <summary>What is to be done next. Every effect but the last two leads to exactly one input.</summary>
internal abstract record RoundEffect
{
    private RoundEffect()
    {
    }

    /// <summary>Take a turn among the group's signings and write the attempt down.</summary>
    /// <param name="Written">The attempt was reserved in the transaction that started the signing.</param>
    /// <param name="Pause">Wait first: this many attempts failed one after the other.</param>
    /// <param name="Turn">Members at home are waited for without a turn, and nothing may then be open at the enclaves: what is of the attempt before is given up.</param>
    public sealed record Reserve(int Attempt, bool Written, int Pause, bool Turn = true) : RoundEffect;

    /// <summary>Go on with an attempt that an earlier run reserved.</summary>
    public sealed record Adopt(int Attempt) : RoundEffect;

    /// <summary>Take a turn among the group's signings.</summary>
    public sealed record TakeTurn(int Attempt) : RoundEffect;

    public sealed record Call(RoundCall What) : RoundEffect;

    /// <summary>Give up the turn and what the nodes hold, and wait until all are ready.</summary>
    public sealed record Park : RoundEffect;

    /// <summary>Grant a combination that was under way when the request expired a little more.</summary>
    public sealed record Grace : RoundEffect;
}

/// <summary>One call of one attempt.</summary>
/// <param name="Try">0 for the first; later ones wait, longer every time.</param>
/// <param name="WithBundle">Hand over the group: the enclave does not have it.</param>
internal abstract record RoundCall(int Attempt, int Try, bool WithBundle)
{
    public sealed record Open(int Attempt, int Node, int Try = 0, bool WithBundle = false) : RoundCall(Attempt, Try, WithBundle);

    public sealed record Sign(int Attempt, int Node, int Try = 0) : RoundCall(Attempt, Try, false);

    public sealed record Combine(int Attempt, int Try = 0, bool WithBundle = false) : RoundCall(Attempt, Try, WithBundle);

    public RoundCall Again(bool withBundle) => this switch
    {
        Open open => open with { Try = Try + 1, WithBundle = withBundle },
        Sign sign => sign with { Try = Try + 1 },
        Combine combine => combine with { Try = Try + 1, WithBundle = withBundle },
        _ => throw new InvalidOperationException(GetType().Name),
    };
}
