using System.Buffers.Binary;
using System.Text;
using KeyMeld.Secp256k1;

namespace KeyMeld.Client;

/// <summary>
/// Named secrets, laid out in one piece of locked memory: a count (4 bytes, big-endian), then for each its name (1 byte length, ASCII) and its value
/// (2 bytes length).
/// </summary>
internal sealed class SecretTable : IDisposable
{
    private readonly SecretBytes _body;
    private readonly Dictionary<string, Range> _values;

    private SecretTable(SecretBytes body, Dictionary<string, Range> values) => (_body, _values) = (body, values);

    public ReadOnlySpan<byte> Body => _body.Span;

    public IReadOnlyCollection<string> Names => _values.Keys;

    public static SecretTable Empty() => new(SecretBytes.Allocate(4), []);

    /// <summary>Takes over <paramref name="body"/>; null when it is not such a layout.</summary>
    public static SecretTable? Parse(SecretBytes body)
    {
        var span = body.Span;
        var values = new Dictionary<string, Range>(StringComparer.Ordinal);
        if (span.Length < 4)
        {
            return null;
        }
        var count = BinaryPrimitives.ReadUInt32BigEndian(span);
        var at = 4;
        for (uint i = 0; i < count; i++)
        {
            if (at >= span.Length || at + 1 + span[at] + 2 > span.Length)
            {
                return null;
            }
            var name = Encoding.ASCII.GetString(span.Slice(at + 1, span[at]));
            at += 1 + span[at];
            int length = BinaryPrimitives.ReadUInt16BigEndian(span[at..]);
            at += 2;
            if (length == 0 || at + length > span.Length || !values.TryAdd(name, at..(at + length)))
            {
                return null;
            }
            at += length;
        }
        return at == span.Length ? new SecretTable(body, values) : null;
    }

    /// <summary>A copy of a secret, or null.</summary>
    public SecretBytes? Find(string name) => _values.TryGetValue(name, out var range) ? SecretBytes.CopyFrom(_body.Span[range]) : null;

    /// <summary>Another table with some secrets set and some removed (null).</summary>
    public SecretTable With(IReadOnlyDictionary<string, SecretBytes?> changes)
    {
        var kept = _values.Keys.Where(name => !changes.ContainsKey(name)).ToList();
        var set = changes.Where(change => change.Value is not null).ToList();
        var body = SecretBytes.Allocate(4 + kept.Sum(name => Size(name, _values[name].End.Value - _values[name].Start.Value)) + set.Sum(change => Size(change.Key, change.Value!.Length)));
        var writer = new Writer(body.Writable);
        writer.Count(kept.Count + set.Count);
        foreach (var name in kept)
        {
            writer.Entry(name, _body.Span[_values[name]]);
        }
        foreach (var (name, value) in set)
        {
            writer.Entry(name, value!.Span);
        }
        return Parse(body) ?? throw new InvalidOperationException("A secret table does not read back.");
    }

    public void Dispose() => _body.Dispose();

    private static int Size(string name, int length) => 1 + name.Length + 2 + length;

    private ref struct Writer(Span<byte> destination)
    {
        private Span<byte> _rest = destination;

        public void Count(int count)
        {
            BinaryPrimitives.WriteUInt32BigEndian(_rest, (uint)count);
            _rest = _rest[4..];
        }

        public void Entry(string name, ReadOnlySpan<byte> value)
        {
            _rest[0] = (byte)Encoding.ASCII.GetBytes(name, _rest[1..]);
            _rest = _rest[(1 + name.Length)..];
            BinaryPrimitives.WriteUInt16BigEndian(_rest, (ushort)value.Length);
            value.CopyTo(_rest[2..]);
            _rest = _rest[(2 + value.Length)..];
        }
    }
}
