// protocol.md section 5: ρ = TH("KeyMeld/v1/roster", manifest hash ‖ CBOR array in manifest order of SHA-256(registration bytes)).
using KeyMeld.Protocol.Encoding;
using KeyMeld.Protocol.Ids;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Groups;

/// <summary>The hash that names a complete roster.</summary>
public static class RosterHash
{
    private const int FingerprintSize = 20;

    /// <summary>ρ.</summary>
    /// <param name="manifest">The manifest hash.</param>
    /// <param name="registrations">SHA-256 of every registration, in manifest order.</param>
    public static Hash32 Of(Hash32 manifest, IReadOnlyList<Hash32> registrations)
    {
        var encoder = new CborEncoder().Array(registrations.Count);
        foreach (var registration in registrations)
        {
            encoder.Hash(registration);
        }
        Span<byte> digest = stackalloc byte[Hash32.Size];
        TaggedHash.Compute("KeyMeld/v1/roster", manifest.Bytes, encoder.Written, digest);
        return new Hash32(digest);
    }

    /// <summary>The first 20 bytes as 40 hex digits, for people to compare; never fewer.</summary>
    public static string Fingerprint(Hash32 roster) => Hex.Encode(roster.Bytes[..FingerprintSize]);
}
