// protocol.md section 10: B = the bytes of CBOR [manifest hash, user, enclave index or null, auth, approval, source]. See MemberBinding.
using KeyMeld.Protocol.Encoding;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Groups;

/// <summary>What the bytes of B say. Nobody has signed them: whoever uses them holds them against a manifest.</summary>
/// <param name="Manifest">The manifest hash.</param>
/// <param name="User">The place's user.</param>
/// <param name="Enclave">Index of the hosting enclave; null at home.</param>
/// <param name="Auth">The authorisation key.</param>
/// <param name="Approval">Whether the member must approve what it signs.</param>
/// <param name="Source">Where the key comes from.</param>
public sealed record PlacedMember(Hash32 Manifest, Id16 User, int? Enclave, XOnlyPublicKey Auth, bool Approval, KeySource Source)
{
    // Six members of fixed size and a word.
    private const int MostBytes = 256;

    /// <summary>Parses strictly.</summary>
    /// <exception cref="KeyMeldException"><c>statement_invalid</c>.</exception>
    public static PlacedMember Parse(ReadOnlySpan<byte> binding)
    {
        var reader = new StrictCborReader(binding, "binding b", MostBytes);
        _ = reader.ReadArray(6, 6);
        var manifest = reader.ReadHash();
        var user = reader.ReadId();
        int? enclave = reader.TryReadNull() ? null : reader.ReadInt();
        var member = new PlacedMember(manifest, user, enclave, reader.ReadXOnly(), reader.ReadBoolean(), reader.ReadSource());
        reader.End();
        return member;
    }

    /// <summary>Index of the place in the manifest that a key made by the enclave is for.</summary>
    /// <exception cref="KeyMeldException"><c>registration_invalid</c>: it is for another group, user, enclave or source, or the authorisation key has another role.</exception>
    public int RequireMadeFor(Signed<Manifest> manifest)
    {
        Require(Manifest == manifest.Digest, "The key is asked for another group.");
        var index = manifest.Value.Participants.ToList().FindIndex(participant => participant.User == User);
        Require(index >= 0, "The manifest has no place for this user.");
        Require(Enclave is not null && manifest.Value.Participants[index].Enclave == Enclave, "The place is hosted by another enclave.");
        Require(Source == KeySource.Made, "Only a key whose source is 'made' is made by an enclave.");
        Require(!Auth.Equals(manifest.Value.Creator) && manifest.Value.Participants.All(participant => !participant.Admission.Equals(Auth)), "The authorisation key has another role in this group.");
        return index;
    }

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new KeyMeldException(ErrorCodes.RegistrationInvalid, otherwise);
        }
    }
}
