using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Gateway.Http;

/// <summary>
/// One way for a statement, whether what it names is there or not: the same signatures over the same bytes are verified against the object's key, or against nobody's. So neither the
/// answer nor its time tells whether it exists.
/// </summary>
internal static class EqualTime
{
    /// <summary>A key whose secret nobody knows: BIP-341's point H, found by hashing.</summary>
    public static readonly XOnlyPublicKey Nobody = XOnlyPublicKey.Parse(Convert.FromHexString("50929B74C1A04954B78B4B6035E97A5E078A5A0F28EC96D547BFEE9ACE803AC0"));

    /// <summary>The statement, verified.</summary>
    /// <param name="read">As it came.</param>
    /// <param name="key">Who has to have signed it; null where there is no such object, or nobody has to.</param>
    /// <exception cref="KeyMeldException">not_found: it is not that key's, or there is none.</exception>
    public static Signed<T> Require<T>(Unverified<T> read, XOnlyPublicKey? key)
        where T : class, IStatement<T> =>
        read.TryVerify([key ?? Nobody], out var verified) && key is not null ? verified : throw Answers.Absent();

    /// <summary>Does what a refusal of a statement by several keys costs: it ends at the first signature that is not right.</summary>
    /// <returns>The refusal.</returns>
    public static KeyMeldException Refuse<T>(Unverified<T> read, params ReadOnlySpan<XOnlyPublicKey> others)
        where T : class, IStatement<T>
    {
        read.TryVerify([Nobody, .. others], out _);
        return Answers.Absent();
    }
}
