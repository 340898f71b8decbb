using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Client;

/// <summary>The profile's records of its single-signer keys.</summary>
internal sealed class KeyRecords(string folder)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    public OwnedKeyRecord? Find(Hash32 key)
    {
        var path = ProfileLayout.Key(folder, key);
        var record = JsonFile.Find(path, ProfileJson.Default.OwnedKeyRecord);
        return record is null || record.Key == key ? record : throw JsonFile.Damaged(path, "it is another key's");
    }

    public OwnedKeyRecord Get(Hash32 key) => Find(key) ?? throw new KeyMeldException(ErrorCodes.NotFound, $"This profile has no key {key}.");

    public IReadOnlyList<OwnedKeyRecord> List()
    {
        var keys = Path.Combine(folder, ProfileLayout.Keys);
        return !Directory.Exists(keys) ? [] :
        [
            .. Directory.EnumerateFiles(keys, "*.json").Order(StringComparer.Ordinal)
                .Select(path => Hash32.TryParse(Path.GetFileNameWithoutExtension(path), out var key) ? Get(key) : throw JsonFile.Damaged(path, "its name is not a key hash")),
        ];
    }

    /// <summary>Reads, changes and writes a record (null: not there yet) while nobody else does. Returns what is stored then.</summary>
    public OwnedKeyRecord Update(Hash32 key, Func<OwnedKeyRecord?, OwnedKeyRecord> change)
    {
        using var held = ProfileLock.Acquire(folder);
        // Profiles of earlier versions have no such folder.
        Directory.CreateDirectory(Path.Combine(folder, ProfileLayout.Keys), OwnerOnly);
        var changed = change(Find(key));
        JsonFile.Write(ProfileLayout.Key(folder, key), changed, ProfileJson.Default.OwnedKeyRecord);
        return changed;
    }

    public void Delete(Hash32 key)
    {
        using var held = ProfileLock.Acquire(folder);
        AtomicFile.Delete(ProfileLayout.Key(folder, key));
    }
}
