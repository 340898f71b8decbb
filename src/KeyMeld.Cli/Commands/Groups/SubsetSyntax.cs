using System.Globalization;
using KeyMeld.Client;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Cli.Commands.Groups;

/// <summary>Subsets of a group to be: <c>MEMBERS</c> or <c>MEMBERS=TWEAKS</c>, members by their names (<c>me</c> for the creator's own place) or their places, separated by commas.</summary>
internal static class SubsetSyntax
{
    public const string Help = "A part of the group with a key of its own: MEMBERS or MEMBERS=TWEAKS, for example me,bob=bip86. Members by name or place, separated by commas. Repeat it.";

    /// <exception cref="KeyMeldException"><c>bad_request</c>: a name that is no member's.</exception>
    public static PlannedSubset Parse(string text, IReadOnlyList<PlannedParticipant> participants)
    {
        var parts = text.Split('=', 2);
        var members = parts[0].Split(',').Select(name => Place(name.Trim(), participants, "--subset")).ToList();
        var subset = new PlannedSubset(members);
        return parts.Length == 1 ? subset : subset with { Tweaks = TweakSyntax.Parse(parts[1], "--subset MEMBERS=TWEAKS") };
    }

    /// <summary>The place of a member of a group to be.</summary>
    public static int Place(string name, IReadOnlyList<PlannedParticipant> participants, string what)
    {
        var named = participants.Index().Where(participant => participant.Item.IsOwn ? name == "me" : participant.Item.Name == name).ToList();
        return named switch
        {
            [var only] => only.Index,
            [] when int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var place) && place < participants.Count => place,
            _ => throw new KeyMeldException(ErrorCodes.BadRequest, $"{what}: '{name}' is {(named.Count == 0 ? "no member" : "more than one member")} of this group."),
        };
    }
}
