using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Invitations;
using KeyMeld.Protocol.Statements;

namespace KeyMeld.Client;

/// <summary>Makes the invitations of a created group from what the profile keeps until the group is formed.</summary>
internal static class InvitationIssue
{
    public static CreatedGroup Issue(Profile profile, GroupRecord record)
    {
        var manifest = Manifest.Parse(record.Manifest.Statement);
        using var session = profile.GetSession(record.Group);
        var issued = new List<IssuedInvitation>();
        foreach (var (place, participant) in manifest.Participants.Index().Where(participant => participant.Index != record.Place))
        {
            using var admission = profile.FindKey(SecretNames.Invited(record.Group, place));
            if (admission is not null && admission.XOnlyPublicKey != participant.Admission)
            {
                throw new KeyMeldException(ErrorCodes.ProfileInvalid, $"The profile's admission key for place {place} of the group {record.Group} is another.");
            }
            issued.Add(new IssuedInvitation(place, record.Names?[place], Invitation.Create(record.Gateway, record.Group, participant.User, admission, session)));
        }
        return new CreatedGroup(record.Group, issued);
    }
}
