namespace KeyMeld.Protocol;

/// <summary>The limits of protocol.md sections 6 and 10.</summary>
public static class Limits
{
    /// <summary>Bytes of a statement.</summary>
    public const int StatementBytes = 64 * 1024;

    /// <summary>Bytes of the encoded terms.</summary>
    public const int TermsBytes = 1024 * 1024;

    /// <summary>Bytes of the data in one item's context.</summary>
    public const int ContextBytes = 1024 * 1024;

    /// <summary>Bytes of a frame between gateway and enclave, and so of anything that travels in one.</summary>
    public const int FrameBytes = 32 * 1024 * 1024;

    /// <summary>UTF-8 bytes of a label, and of the short texts for which the protocol names no limit.</summary>
    public const int LabelBytes = 256;

    /// <summary>Bytes of the identity document.</summary>
    public const int IdentityBytes = 64 * 1024;

    /// <summary>The largest time: 2^53 - 1 Unix milliseconds, which JSON numbers still hold exactly.</summary>
    public const long MaxTime = (1L << 53) - 1;

    /// <summary>Enclaves of one group.</summary>
    public const int Enclaves = 16;

    /// <summary>Participants of one group.</summary>
    public const int Participants = 100;

    /// <summary>Subsets of one group.</summary>
    public const int Subsets = 200;

    /// <summary>Tweaks of one chain.</summary>
    public const int Tweaks = 8;

    /// <summary>Depth of a script tree; a lone leaf has depth 0.</summary>
    public const int TreeDepth = 128;

    /// <summary>Items of one request.</summary>
    public const int Items = 10_000;

    /// <summary>Sum of the signers of all items of one request.</summary>
    public const int ItemSigners = 65_536;

    /// <summary>Distinct pairs of subset and tweak chain in one request.</summary>
    public const int DistinctKeys = 256;

    /// <summary>Points of one <em>and</em> adaptor, at least.</summary>
    public const int MinPoints = 2;

    /// <summary>Points of one <em>and</em> adaptor, at most.</summary>
    public const int MaxPoints = 16;

    /// <summary>Requests of one requester that are open at one enclave.</summary>
    public const int OpenRequestsOfRequester = 4;

    /// <summary>Requests of one group that are open at one enclave.</summary>
    public const int OpenRequestsOfGroup = 16;

    /// <summary>Attempts of one request within one boot.</summary>
    public const int Attempts = 16;

    /// <summary>How far the time of an <c>Authorization</c> may be from the receiver's: 60 seconds in milliseconds.</summary>
    public const long AuthorizationSkewMs = 60 * 1000;

    /// <summary>How long a request may stay valid.</summary>
    public static readonly TimeSpan RequestLifetime = TimeSpan.FromHours(24);

    /// <summary>How far in the future a request may be dated.</summary>
    public static readonly TimeSpan RequestSkew = TimeSpan.FromMinutes(2);
}
