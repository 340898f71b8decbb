using KeyMeld.Gateway.Keygen;
using KeyMeld.Gateway.Storage;

namespace KeyMeld.Gateway.Dashboard.Sections;

/// <summary>Groups that are not complete, and who is missing.</summary>
internal static class GroupsSection
{
    private const int Shown = 20;

    public static async Task<GroupsJson> ReadAsync(GatewayParts parts)
    {
        var joining = await parts.OverviewStore.JoiningAsync(Shown);
        var rows = new List<GroupFactsJson>(joining.Newest.Length);
        foreach (var row in joining.Newest)
        {
            if (await parts.Groups.FindAsync(row.Group) is { } group)
            {
                rows.Add(Show(row, group));
            }
        }
        return new GroupsJson(joining.Count, OverviewCounts.CountedTo, rows);
    }

    private static GroupFactsJson Show(JoiningGroup row, GroupView group)
    {
        var places = group.Manifest.Value.Participants;
        return new GroupFactsJson(
            group.Hash.ToString(), row.Created, group.Manifest.Value.JoinBy, places.Count, group.Accepted,
            [.. Enumerable.Range(0, places.Count).Where(place => group.Members[place] is null).Select(place => People.Of(group, place))]);
    }
}
