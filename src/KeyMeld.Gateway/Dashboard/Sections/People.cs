using KeyMeld.Gateway.Keygen;

namespace KeyMeld.Gateway.Dashboard.Sections;

/// <summary>Participants as an operator may be told of them: place and user id. Labels and keys are sealed or none of an operator's business.</summary>
internal static class People
{
    public static PersonJson Of(GroupView group, int place) => new(place, group.Manifest.Value.Participants[place].User.ToString());

    public static IReadOnlyList<PersonJson> Of(GroupView group, IEnumerable<int> places) => [.. places.Select(place => Of(group, place))];
}
