using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Invitations;

namespace KeyMeld.Client;

/// <summary>A group just created: its name and the invitations to hand out, each over a channel of its own. Dispose it when they are handed out.</summary>
public sealed class CreatedGroup : IDisposable
{
    internal CreatedGroup(Hash32 id, IReadOnlyList<IssuedInvitation> invitations) => (Id, Invitations) = (id, invitations);

    /// <summary>Manifest hash: the group's name.</summary>
    public Hash32 Id { get; }

    /// <summary>One for each place but the creator's own.</summary>
    public IReadOnlyList<IssuedInvitation> Invitations { get; }

    /// <summary>Wipes the invitations.</summary>
    public void Dispose()
    {
        foreach (var issued in Invitations)
        {
            issued.Invitation.Dispose();
        }
    }
}

/// <summary>An invitation and whom it is for.</summary>
/// <param name="Place">The place it admits to.</param>
/// <param name="Name">What the creator's profile calls the participant.</param>
/// <param name="Invitation">Secret: whoever reads it can read the group's messages for ever and, unless the participant brought its own admission key, take the place.</param>
public sealed record IssuedInvitation(int Place, string? Name, Invitation Invitation);
