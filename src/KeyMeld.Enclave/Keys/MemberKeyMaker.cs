// protocol.md section 5, "Enclave-made member key".
using KeyMeld.Enclave.Groups;
using KeyMeld.Enclave.Identity;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Groups;
using KeyMeld.Protocol.Keys;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;
using KeyMeld.Wire.V1;

namespace KeyMeld.Enclave.Keys;

/// <summary>Makes a key for one place of one manifest. Nothing is kept: the member's registration brings it back, sealed to this enclave.</summary>
internal static class MemberKeyMaker
{
    /// <exception cref="KeyMeldException"><c>manifest_invalid</c>, <c>enclave_mismatch</c>, <c>registration_invalid</c>, <c>envelope_unreadable</c>, …</exception>
    public static byte[] Make(UntrustedMakeMemberKey request, Keyring keyring)
    {
        var manifest = Signed.ParseManifest(Untrusted.Statement(request.Manifest, "manifest"));
        var (index, identity) = OpenedKeygen.FindSelf(manifest.Value, keyring);
        var binding = request.Binding.Span;
        var member = PlacedMember.Parse(binding);
        _ = member.RequireMadeFor(manifest);
        if (member.Enclave != index)
        {
            throw new KeyMeldException(ErrorCodes.EnclaveMismatch, "The place is hosted by another enclave.");
        }
        using var response = MakeKeyEnvelope.Open(identity.IdentityKey, binding, request.Sealed.Span);
        using var key = SecretKey.Generate();
        using var secret = key.Export();
        var proof = MemberKeyPlaintext.Prove(key, binding).Proof;
        return new MadeKeyAnswer(key.PublicKey, proof, SelfSeal.Seal(identity.IdentityKey, binding, secret.Span)).Encrypt(response.Span, binding);
    }
}
