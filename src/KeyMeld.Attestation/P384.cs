// RFC 5480 section 2: SubjectPublicKeyInfo of an uncompressed point on secp384r1 has one DER form.
namespace KeyMeld.Attestation;

/// <summary>Tells P-384 keys by their bytes, before anything tries to load a curve somebody else chose.</summary>
internal static class P384
{
    private const int Size = 120;

    private static ReadOnlySpan<byte> Head =>
        [0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x22, 0x03, 0x62, 0x00, 0x04];

    /// <summary>Whether bytes are a SubjectPublicKeyInfo of this form; the point may still be none.</summary>
    public static bool IsPublicKey(ReadOnlySpan<byte> spki) => spki.Length == Size && spki.StartsWith(Head);
}
