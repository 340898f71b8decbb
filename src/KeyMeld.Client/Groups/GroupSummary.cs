using KeyMeld.Protocol.Ids;
using KeyMeld.Secp256k1;

namespace KeyMeld.Client;

/// <summary>A group as the profile knows it.</summary>
/// <param name="Id">Manifest hash.</param>
/// <param name="Label">Its label.</param>
/// <param name="Gateway">The gateway it lives on.</param>
/// <param name="IsCreator">Whether this profile created it.</param>
/// <param name="Place">This profile's place, if any.</param>
/// <param name="Joined">Whether a registration was made.</param>
/// <param name="RosterHash">ρ, once verified.</param>
/// <param name="OutputKey">The group's output key, once verified.</param>
public sealed record GroupSummary(Hash32 Id, string? Label, Uri Gateway, bool IsCreator, int? Place, bool Joined, Hash32? RosterHash, XOnlyPublicKey? OutputKey)
{
    /// <summary>Whether it was verified as formed.</summary>
    public bool IsVerified => RosterHash is not null;

    internal static GroupSummary Of(GroupRecord record) => new(
        record.Group,
        record.Label is null ? null : UntrustedText.Show(record.Label),
        new Uri(record.Gateway),
        record.IsCreator,
        record.Place,
        record.Registration is not null,
        record.Formed?.Roster,
        record.Formed?.OutputKeys[0]);
}
