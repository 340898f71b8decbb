// protocol.md section 5, "Participant": everything that is checked before anything is sealed.
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Invitations;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Client;

/// <summary>Fetches what an invitation leads to and verifies it.</summary>
internal sealed class GroupInspection(GatewayTransport transport, EnclaveVerifier enclaves, Profile profile)
{
    public async Task<GroupOffer> InspectAsync(Invitation invitation, CancellationToken cancellationToken)
    {
        if (!GatewayAddress.Same(new Uri(invitation.Gateway), transport.Gateway))
        {
            throw new KeyMeldException(ErrorCodes.BadRequest, $"The invitation is for the gateway {UntrustedText.Show(invitation.Gateway)}; connect to that one.");
        }
        var session = SessionSecret.Import(invitation.Secret.Span);
        if (invitation.Admission is not { } secret)
        {
            return await InspectAsync(invitation.Manifest, invitation.User, session, null, cancellationToken).ConfigureAwait(false);
        }
        if (!SecretKey.TryImport(secret.Span, out var admission))
        {
            session.Dispose();
            throw new KeyMeldException(ErrorCodes.InvitationInvalid, "The invitation's admission key is no key.");
        }
        return await InspectAsync(invitation.Manifest, invitation.User, session, admission, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The creator's own place.</summary>
    public async Task<GroupOffer> InspectAsync(Hash32 group, CancellationToken cancellationToken)
    {
        var record = profile.GroupRecords.Get(group);
        var admission = record.Place is null ? null : profile.FindKey(SecretNames.Admission(group));
        if (admission is null)
        {
            throw new KeyMeldException(ErrorCodes.NotFound, $"This profile has no place of its own to take in the group {group}.");
        }
        var manifest = Signed.ParseManifest(record.Manifest.ToStatement());
        var user = manifest.Value.Participants[record.Place!.Value].User;
        return await InspectAsync(group, user, profile.GetSession(group), admission, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Takes over both secrets. Without an admission key from the invitation one of the profile's own must fit.</summary>
    private async Task<GroupOffer> InspectAsync(Hash32 group, Id16 user, SessionSecret session, SecretKey? admission, CancellationToken cancellationToken)
    {
        OpenedKeygen? opened = null;
        try
        {
            var answer = await FetchAsync(group, admission, cancellationToken).ConfigureAwait(false);
            opened = OpenedKeygen.Open(group, answer.Manifest.ToStatement(), answer.Terms, session);
            var place = PlaceOf(opened.Manifest.Value, user);
            admission ??= OwnAdmission(opened.Manifest.Value.Participants[place].Admission);
            if (admission.XOnlyPublicKey != opened.Manifest.Value.Participants[place].Admission)
            {
                throw new KeyMeldException(ErrorCodes.InvitationInvalid, "The invitation's admission key is not that of its place.");
            }
            RequireOpen(answer, place);
            var verified = await enclaves.VerifyAsync(opened.Manifest.Value.Enclaves, cancellationToken).ConfigureAwait(false);
            var retired = opened.Manifest.Value.Enclaves.Any(enclave => enclave.Epoch != verified[enclave.Id].Newest.Epoch);
            return new GroupOffer(opened, place, admission, retired);
        }
        catch
        {
            session.Dispose();
            opened?.Dispose();
            admission?.Dispose();
            throw;
        }
    }

    private async Task<KeygenJson> FetchAsync(Hash32 group, SecretKey? admission, CancellationToken cancellationToken)
    {
        if (admission is not null)
        {
            return await KeygenFetch.GetAsync(transport, group, admission, 0, cancellationToken).ConfigureAwait(false);
        }
        // Which of the profile's own admission keys it is only the manifest says, and who may read it the gateway: absent for the others.
        foreach (var name in profile.SecretsNamed(SecretNames.OwnAdmissions))
        {
            using var key = profile.FindKey(name);
            try
            {
                return await KeygenFetch.GetAsync(transport, group, key!, 0, cancellationToken).ConfigureAwait(false);
            }
            catch (KeyMeldException error) when (error.Code == ErrorCodes.NotFound)
            {
            }
        }
        throw new KeyMeldException(ErrorCodes.NotFound, "The invitation is for an admission key of your own, and none of this profile's fits.");
    }

    private SecretKey OwnAdmission(XOnlyPublicKey admission) => profile.FindKey(SecretNames.OwnAdmission(admission))
        ?? throw new KeyMeldException(ErrorCodes.InvitationInvalid, $"The place admits {admission}, which is no admission key of this profile.");

    private static int PlaceOf(Manifest manifest, Id16 user)
    {
        var place = manifest.Participants.Index().FirstOrDefault(participant => participant.Item.User == user, (-1, null!)).Index;
        if (place < 0)
        {
            throw new KeyMeldException(ErrorCodes.InvitationInvalid, "The group has no place for the invited user.");
        }
        return place;
    }

    private void RequireOpen(KeygenJson answer, int place)
    {
        KeygenFetch.RequireAlive(answer);
        if (answer.Registrations.Count <= place)
        {
            throw GatewayAnswer.Invalid("it has not one entry for each place");
        }
        var mine = profile.GroupRecords.Find(answer.Group)?.Registration;
        if (answer.Registrations[place] is { } taken && (mine is null || !taken.ToStatement().Statement.Span.SequenceEqual(mine.ToStatement().Statement.Span)))
        {
            throw SlotAlarm.Raise();
        }
    }
}
