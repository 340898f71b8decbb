using KeyMeld.Protocol.Ids;

namespace KeyMeld.Client;

/// <summary>The profile's records of signings it requested or decided on.</summary>
internal sealed class SigningRecords(string folder)
{
    public SigningRecord? Find(Hash32 request)
    {
        var path = ProfileLayout.Signing(folder, request);
        var record = JsonFile.Find(path, ProfileJson.Default.SigningRecord);
        return record is null || record.Request == request ? record : throw JsonFile.Damaged(path, "it is another signing's");
    }

    public IReadOnlyList<SigningRecord> List() =>
    [
        .. Directory.EnumerateFiles(Path.Combine(folder, ProfileLayout.Signings), "*.json").Order(StringComparer.Ordinal)
            .Select(path => Hash32.TryParse(Path.GetFileNameWithoutExtension(path), out var request) && Find(request) is { } record
                ? record
                : throw JsonFile.Damaged(path, "its name is not a request digest")),
    ];

    /// <summary>Reads, changes and writes a record while nobody else does; null changes nothing.</summary>
    public void Update(Hash32 request, Func<SigningRecord?, SigningRecord?> change)
    {
        using var held = ProfileLock.Acquire(folder);
        var current = Find(request);
        var changed = change(current);
        if (changed is not null && !ReferenceEquals(current, changed))
        {
            JsonFile.Write(ProfileLayout.Signing(folder, request), changed, ProfileJson.Default.SigningRecord);
        }
    }

    public void Delete(Hash32 request)
    {
        using var held = ProfileLock.Acquire(folder);
        AtomicFile.Delete(ProfileLayout.Signing(folder, request));
    }
}
