using KeyMeld.Client;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Cli.Commands.Groups;

/// <summary>A group to work with: from the profile when it was verified before, otherwise verified now.</summary>
internal static class GroupAccess
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public static async Task<Group> VerifiedAsync(KeyMeldClient client, Hash32 group, CancellationToken cancellationToken)
    {
        var known = client.Groups.List().FirstOrDefault(one => one.Id == group);
        return known is null or { IsVerified: true } ? client.Groups.Load(group) : await client.Groups.WaitUntilFormedAsync(group, Patience, cancellationToken);
    }
}
