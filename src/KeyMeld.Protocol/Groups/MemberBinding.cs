// protocol.md sections 5 and 10: B = the bytes of CBOR [manifest hash, user, enclave index or null, auth, approval, source].
using KeyMeld.Protocol.Encoding;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Groups;

/// <summary>What a member's proof, envelope and encrypted key are bound to, so that none of them means anything in another place.</summary>
public static class MemberBinding
{
    /// <summary>B.</summary>
    /// <param name="manifest">The manifest hash.</param>
    /// <param name="user">The place's user.</param>
    /// <param name="enclave">Index of the hosting enclave; null at home.</param>
    /// <param name="auth">The authorisation key.</param>
    /// <param name="approval">Whether the member must approve what it signs.</param>
    /// <param name="source">Where the key comes from.</param>
    public static byte[] Of(Hash32 manifest, Id16 user, int? enclave, XOnlyPublicKey auth, bool approval, KeySource source)
    {
        var encoder = new CborEncoder().Array(6).Hash(manifest).Id(user);
        _ = enclave is { } index ? encoder.Number(index) : encoder.Null();
        return encoder.Bytes(auth.Bytes).Boolean(approval).Text(source.Text()).ToArray();
    }

    /// <summary>B of a registration in its place.</summary>
    public static byte[] Of(Participant place, Registration registration) =>
        Of(registration.Manifest, registration.User, place.Enclave, registration.Auth, registration.Approval, registration.Source);
}
