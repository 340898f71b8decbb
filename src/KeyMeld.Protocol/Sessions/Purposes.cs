namespace KeyMeld.Protocol.Sessions;

/// <summary>The bare names that separate one encryption from another (protocol.md sections 2 and 10).</summary>
public static class Purposes
{
    /// <summary>HPKE: the group's session secret for one enclave.</summary>
    public const string SessionSecret = "session-secret";

    /// <summary>HPKE: a member's secret for its enclave. Session: its public key and proof.</summary>
    public const string MemberKey = "member-key";

    /// <summary>HPKE: the response secret of a request to make a key.</summary>
    public const string MakeKey = "make-key";

    /// <summary>HPKE: an imported single-signer secret and a response secret.</summary>
    public const string SingleKey = "single-key";

    /// <summary>HPKE: what a single-signer key is to sign.</summary>
    public const string SingleSign = "single-sign";

    /// <summary>Session: the terms.</summary>
    public const string Terms = "terms";

    /// <summary>Session: the items of a request.</summary>
    public const string SigningItems = "signing-items";

    /// <summary>Session: public nonces.</summary>
    public const string Round1 = "round1";

    /// <summary>Session: partial signatures.</summary>
    public const string Round2 = "round2";

    /// <summary>Session: the result.</summary>
    public const string Result = "result";

    /// <summary>Answer: a made or imported key.</summary>
    public const string MadeKey = "made-key";

    /// <summary>Answer: a single signature.</summary>
    public const string SingleAnswer = "single-answer";

    /// <summary>A secret an enclave seals to itself.</summary>
    public const string SelfSeal = "self-seal";
}
