using KeyMeld.Wire.V1;

namespace KeyMeld.Gateway.Signing.Rounds;

/// <summary>What happened to a signing.</summary>
internal abstract record RoundInput
{
    private RoundInput()
    {
    }

    /// <summary>The attempt is written down, and its turn has come where it needs one.</summary>
    public sealed record Reserved(int Attempt) : RoundInput;

    /// <summary>The attempt could not be taken: the signing ended, or another gateway has the lease.</summary>
    public sealed record NotReserved : RoundInput;

    /// <summary>The signing's turn has come.</summary>
    public sealed record Turned(int Attempt) : RoundInput;

    /// <summary>A member at home sent a round blob.</summary>
    /// <param name="Node">The node's place.</param>
    /// <param name="Blob">With that member's valid signature.</param>
    public sealed record FromHome(int Node, RoundBlob Blob) : RoundInput;

    public sealed record Answered(RoundCall Call, RoundBlob Blob) : RoundInput;

    /// <param name="Code">From the table of error codes.</param>
    public sealed record Refused(RoundCall Call, string Code, string Detail) : RoundInput;

    /// <summary>All nodes are ready again.</summary>
    public sealed record Back : RoundInput;

    /// <summary>The request expired.</summary>
    public sealed record Expired : RoundInput;

    /// <summary>The time that a combination may still take after the request expired is over too.</summary>
    public sealed record Overdue : RoundInput;
}
