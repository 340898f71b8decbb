using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Client;

/// <summary>The profile's group records.</summary>
internal sealed class GroupRecords(string folder)
{
    public GroupRecord? Find(Hash32 group)
    {
        var path = ProfileLayout.Group(folder, group);
        var record = JsonFile.Find(path, ProfileJson.Default.GroupRecord);
        return record is null || record.Group == group ? record : throw JsonFile.Damaged(path, "it is another group's");
    }

    public GroupRecord Get(Hash32 group) => Find(group) ?? throw new KeyMeldException(ErrorCodes.NotFound, $"This profile has no group {group}.");

    public IReadOnlyList<GroupRecord> List() =>
    [
        .. Directory.EnumerateFiles(Path.Combine(folder, ProfileLayout.Groups), "*.json").Order(StringComparer.Ordinal)
            .Select(path => Hash32.TryParse(Path.GetFileNameWithoutExtension(path), out var group) ? Get(group) : throw JsonFile.Damaged(path, "its name is not a manifest hash")),
    ];

    /// <summary>Reads, changes and writes a record (null: not there yet) while nobody else does. Returns what is stored then; a change that returns the same record writes nothing.</summary>
    public GroupRecord Update(Hash32 group, Func<GroupRecord?, GroupRecord> change)
    {
        using var held = ProfileLock.Acquire(folder);
        var current = Find(group);
        var changed = change(current);
        if (!ReferenceEquals(current, changed))
        {
            JsonFile.Write(ProfileLayout.Group(folder, group), changed, ProfileJson.Default.GroupRecord);
        }
        return changed;
    }

    public void Delete(Hash32 group)
    {
        using var held = ProfileLock.Acquire(folder);
        AtomicFile.Delete(ProfileLayout.Group(folder, group));
    }
}
