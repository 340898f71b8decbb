using System.Globalization;
using KeyMeld.Client;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Cli.Commands.Groups;

/// <summary>How commands call a subset of a group: its number as <c>group show</c> lists it, or its id (at least 8 hex digits).</summary>
internal static class SubsetName
{
    private const int ShortestPrefix = 8;

    /// <summary>The subset's number.</summary>
    /// <exception cref="KeyMeldException"><c>bad_request</c>: the group has no such subset.</exception>
    public static int Find(Group group, string name)
    {
        if (name.Length < ShortestPrefix)
        {
            return int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number < group.Subsets.Count ? number : throw Unknown(group, name);
        }
        var found = group.Subsets.Index().Where(subset => subset.Item.Id.ToString().StartsWith(name, StringComparison.Ordinal)).ToList();
        return found.Count == 1 ? found[0].Index : throw Unknown(group, name);
    }

    private static KeyMeldException Unknown(Group group, string name) => new(ErrorCodes.BadRequest,
        $"'{name}' is no subset of this group: it has {(group.Subsets.Count == 0 ? "none" : $"0 to {group.Subsets.Count - 1}")}; `keymeld group show` lists them.");
}
