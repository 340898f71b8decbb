// protocol.md section 5, what anybody can check of a registration: place, signatures, form. RegistrationVerifier checks the rest, with the session secret.
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Statements;

namespace KeyMeld.Protocol.Groups;

/// <summary>A registration whose place and signatures were verified against its manifest, without knowing the member key.</summary>
public sealed class PublicRegistration
{
    private PublicRegistration(int index, Participant place, Signed<Registration> statement)
    {
        Index = index;
        Place = place;
        Statement = statement;
    }

    /// <summary>Index of the participant.</summary>
    public int Index { get; }

    /// <summary>The place in the manifest.</summary>
    public Participant Place { get; }

    /// <summary>The statement, signed by the place's admission key and by its own authorisation key.</summary>
    public Signed<Registration> Statement { get; }

    /// <summary>What the statement says.</summary>
    public Registration Value => Statement.Value;

    /// <summary>Verifies one registration against its manifest alone.</summary>
    /// <exception cref="KeyMeldException"><c>statement_invalid</c> or <c>registration_invalid</c>.</exception>
    public static PublicRegistration Verify(Signed<Manifest> manifest, SignedStatement statement)
    {
        var read = Signed.Read<Registration>(statement);
        Require(read.Value.Manifest == manifest.Digest, "The registration is for another group.");
        var index = manifest.Value.Participants.ToList().FindIndex(participant => participant.User == read.Value.User);
        Require(index >= 0, "The manifest has no place for this user.");
        var place = manifest.Value.Participants[index];
        Require((read.Value.Source == KeySource.Home) == (place.Enclave is null), "A key is kept at home exactly when the place has no enclave.");
        return new PublicRegistration(index, place, read.Verify(ErrorCodes.RegistrationInvalid, place.Admission, read.Value.Auth));
    }

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new KeyMeldException(ErrorCodes.RegistrationInvalid, otherwise);
        }
    }
}
