// protocol.md section 10, "Bytes": every aad is a CBOR array that begins with its purpose. B and KB enter as byte strings.
using KeyMeld.Protocol.Encoding;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Protocol.Sessions;

/// <summary>The additional authenticated data of every encryption of the protocol.</summary>
public static class Aad
{
    /// <summary>HPKE session-secret: [purpose, manifest hash, enclave index].</summary>
    public static byte[] SessionSecret(Hash32 manifest, int enclave) => Begin(3, Purposes.SessionSecret).Hash(manifest).Number(enclave).ToArray();

    /// <summary>HPKE member-key and session member-key: [purpose, B].</summary>
    public static byte[] MemberKey(ReadOnlySpan<byte> binding) => Bound(Purposes.MemberKey, binding);

    /// <summary>HPKE make-key: [purpose, B or KB].</summary>
    public static byte[] MakeKey(ReadOnlySpan<byte> binding) => Bound(Purposes.MakeKey, binding);

    /// <summary>HPKE single-key: [purpose, KB].</summary>
    public static byte[] SingleKey(ReadOnlySpan<byte> binding) => Bound(Purposes.SingleKey, binding);

    /// <summary>HPKE single-sign: [purpose, key hash, request].</summary>
    public static byte[] SingleSign(Hash32 key, Id16 request) => Begin(3, Purposes.SingleSign).Hash(key).Id(request).ToArray();

    /// <summary>Session terms: [purpose].</summary>
    public static byte[] Terms() => Begin(1, Purposes.Terms).ToArray();

    /// <summary>Session signing-items: [purpose, ρ, signing].</summary>
    public static byte[] SigningItems(Hash32 roster, Id16 signing) => Begin(3, Purposes.SigningItems).Hash(roster).Id(signing).ToArray();

    /// <summary>Session round1: [purpose, ρ, D, attempt, node].</summary>
    public static byte[] Round1(Hash32 roster, Hash32 request, int attempt, NodeId node) => Round(5, Purposes.Round1, roster, request, attempt, node).ToArray();

    /// <summary>Session round2: [purpose, ρ, D, attempt, node, τ].</summary>
    public static byte[] Round2(Hash32 roster, Hash32 request, int attempt, NodeId node, Hash32 tau) =>
        Round(6, Purposes.Round2, roster, request, attempt, node).Hash(tau).ToArray();

    /// <summary>Session result: [purpose, ρ, D].</summary>
    public static byte[] Result(Hash32 roster, Hash32 request) => Begin(3, Purposes.Result).Hash(roster).Hash(request).ToArray();

    /// <summary>Answer made-key: [purpose, B or KB].</summary>
    public static byte[] MadeKey(ReadOnlySpan<byte> binding) => Bound(Purposes.MadeKey, binding);

    /// <summary>Answer single-answer: [purpose, SHA-256 of the single-sign statement].</summary>
    public static byte[] SingleAnswer(Hash32 statement) => Begin(2, Purposes.SingleAnswer).Hash(statement).ToArray();

    /// <summary>Self-seal: [purpose, B or KB].</summary>
    public static byte[] SelfSeal(ReadOnlySpan<byte> binding) => Bound(Purposes.SelfSeal, binding);

    private static CborEncoder Begin(int count, string purpose) => new CborEncoder().Array(count).Text(purpose);

    private static byte[] Bound(string purpose, ReadOnlySpan<byte> binding) => Begin(2, purpose).Bytes(binding).ToArray();

    private static CborEncoder Round(int count, string purpose, Hash32 roster, Hash32 request, int attempt, NodeId node)
    {
        var encoder = Begin(count, purpose).Hash(roster).Hash(request).Number(attempt);
        node.Write(encoder);
        return encoder;
    }
}
