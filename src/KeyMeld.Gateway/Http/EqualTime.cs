using KeyMeld.Protocol.Ids;
using KeyMeld.Secp256k1;

namespace KeyMeld.Gateway.Http;

/// <summary>Does for an absent object the work that a present one costs, so that the time of an answer tells nobody whether it exists.</summary>
internal static class EqualTime
{
    // BIP-340's first test vector: public, and as good as any other.
    private static readonly XOnlyPublicKey Key = XOnlyPublicKey.Parse(Convert.FromHexString("F9308A019258C31049344F85F89D5229B531C845836F99B08601F113BCE036F9"));
    private static readonly SchnorrSignature Signature = SchnorrSignature.Parse(Convert.FromHexString(
        "E907831F80848D1069A5371B402410364BDF1C5F8307B0084C55F1CE2DCA821525F66A4A85EA8B71E482A74F382D2CE5EBEEE8FDB2172F477DF4900D310536C0"));

    public static void Verify()
    {
        var digest = default(Hash32);
        Key.Verify(digest.Bytes, Signature);
    }
}
