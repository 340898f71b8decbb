using System.Collections.Concurrent;
using System.Text;
using KeyMeld.DevKit.Kms.Keys;

namespace KeyMeld.DevKit.Kms.Auditing;

/// <summary>Appends every request to DIR/kms-events.jsonl, one JSON object a line, and counts them by operation.</summary>
internal sealed class KmsEventLog : IDisposable
{
    public const string FileName = "kms-events.jsonl";

    // A laptop's log: past this size the former file is replaced by the present one.
    private const long RotateAtBytes = 16 << 20;

    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<string, long> _counts = new(StringComparer.Ordinal);
    private readonly FileStream _file;

    public KmsEventLog(string dataDirectory)
    {
        var path = Path.Combine(dataDirectory, FileName);
        if (new FileInfo(path) is { Exists: true, Length: > RotateAtBytes })
            File.Move(path, path + ".1", overwrite: true);
        _file = new FileStream(path, PrivateFile.Writing(FileMode.Append));
    }

    public IReadOnlyDictionary<string, long> Counts => _counts;

    public void Append(KmsEvent entry)
    {
        var line = Encoding.UTF8.GetBytes(entry.ToJson().ToJsonString() + "\n");
        _counts.AddOrUpdate(entry.Operation, 1, (_, count) => count + 1);
        lock (_gate)
        {
            _file.Write(line);
            _file.Flush();
        }
    }

    public void Dispose() => _file.Dispose();
}
