using System.Text;
using KeyMeld.Secp256k1;

namespace KeyMeld.Samples;

/// <summary>
/// Stands in for an oracle: for each outcome of an event it announces the nonce of the BIP-340 signature that it would attest that outcome with, and after the event it gives one of these
/// signatures. Attestations are ordinary signatures over the outcome's words.
/// </summary>
internal sealed class Oracle : IDisposable
{
    private readonly SecretKey key = SecretKey.Generate();
    private readonly Dictionary<string, SchnorrSignature> kept = [];

    public XOnlyPublicKey Key => key.XOnlyPublicKey;

    /// <summary>The nonces for the outcomes of an event, in order.</summary>
    public IReadOnlyList<XOnlyPublicKey> Announce(IReadOnlyList<string> outcomes) => [.. outcomes.Select(outcome =>
    {
        kept[outcome] = key.SignSchnorr(Digest(outcome));
        return XOnlyPublicKey.Parse(kept[outcome].Bytes[..32]);
    })];

    /// <summary>What happened.</summary>
    public SchnorrSignature Attest(string outcome) => kept[outcome];

    public static byte[] Digest(string outcome) => System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(outcome));

    public void Dispose() => key.Dispose();
}
