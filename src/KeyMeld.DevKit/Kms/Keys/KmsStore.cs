using System.Collections.Immutable;
using System.Text.Json;

namespace KeyMeld.DevKit.Kms.Keys;

/// <summary>
/// The state of the emulator in DIR/kms.json. A change is on disk before its answer leaves; readers never wait. One process at a time holds the folder.
/// </summary>
internal sealed class KmsStore : IDisposable
{
    public const string FileName = "kms.json";

    private readonly Lock _gate = new();
    private readonly string _path;
    private readonly TimeProvider _time;
    private readonly FileStream _folderLock;
    private volatile KmsState _current;

    public KmsStore(string dataDirectory, TimeProvider time)
    {
        _time = time;
        _path = Path.Combine(dataDirectory, FileName);
        try
        {
            _folderLock = new FileStream(Path.Combine(dataDirectory, "kms.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException exception)
        {
            throw new IOException($"Another KMS emulator is using {dataDirectory}. Stop it, or choose another folder.", exception);
        }
        try
        {
            _current = Load(_path);
        }
        catch
        {
            _folderLock.Dispose();
            throw;
        }
    }

    /// <summary>The state now, without keys that have been deleted by the passing of time.</summary>
    public KmsState Current => _current.WithoutDeletedAt(_time.GetUtcNow());

    /// <summary>Applies one change to the newest state and makes it durable; when <paramref name="change"/> throws, nothing has changed.</summary>
    public void Update(Func<KmsState, KmsState> change)
    {
        lock (_gate)
        {
            var next = change(Current);
            var file = new KmsStateFile { Version = next.Version, Keys = [.. next.Keys.Values], Aliases = [.. next.Aliases.Values] };
            AtomicFile.Write(_path, JsonSerializer.SerializeToUtf8Bytes(file, KmsStateJson.Default.KmsStateFile));
            _current = next;
        }
    }

    public void Dispose() => _folderLock.Dispose();

    private static KmsState Load(string path)
    {
        if (!File.Exists(path))
            return KmsState.Empty;
        try
        {
            var file = JsonSerializer.Deserialize(File.ReadAllBytes(path), KmsStateJson.Default.KmsStateFile) ?? throw new JsonException("it is empty");
            if (file.Version != KmsState.CurrentVersion)
                throw new JsonException($"its version is {file.Version}, this emulator reads {KmsState.CurrentVersion}");
            return KmsState.Empty with
            {
                Keys = file.Keys.ToImmutableSortedDictionary(key => key.KeyId, key => key, StringComparer.Ordinal),
                Aliases = file.Aliases.ToImmutableSortedDictionary(alias => alias.Name, alias => alias, StringComparer.Ordinal),
            };
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException)
        {
            throw new InvalidDataException(
                $"The emulator's keys in {path} cannot be read: {exception.Message}. Restore the file; only deleting it starts with no keys.", exception);
        }
    }
}
