using System.Buffers.Binary;

namespace KeyMeld.Fuzz;

/// <summary>Changes inputs as fuzzers do; the same seed gives the same inputs.</summary>
internal sealed class Mutator(int seed)
{
    private const int MaxSize = 64 * 1024;
    private static readonly ulong[] Interesting = [0, 1, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x7FFFFFFFFFFFFFFF, ulong.MaxValue];
    private static readonly byte[] Heads = [0x00, 0x18, 0x1B, 0x20, 0x40, 0x58, 0x5F, 0x60, 0x80, 0x9B, 0x9F, 0xA0, 0xBB, 0xBF, 0xC2, 0xD2, 0xF6, 0xF8, 0xF9, 0xFF, 0x30, 0x31, 0xA1, (byte)'{', (byte)'"', (byte)':', (byte)'\n'];
    private readonly Random _random = new(seed);

    /// <summary>One changed input.</summary>
    public byte[] Next(IReadOnlyList<byte[]> corpus)
    {
        var bytes = new List<byte>(corpus[_random.Next(corpus.Count)]);
        for (var changes = 1 + _random.Next(_random.Next(2) == 0 ? 1 : 8); changes > 0; changes--)
        {
            Change(bytes, corpus);
        }
        return [.. bytes.Take(MaxSize)];
    }

    private void Change(List<byte> bytes, IReadOnlyList<byte[]> corpus)
    {
        var at = _random.Next(bytes.Count + 1);
        var room = bytes.Count - at;
        var some = room == 0 ? 0 : 1 + _random.Next(Math.Min(room, 1 << _random.Next(1, 8)));
        switch (_random.Next(10))
        {
            case 0 when room > 0:
                bytes[at] ^= (byte)(1 << _random.Next(8));
                break;
            case 1 when room > 0:
                bytes[at] = (byte)_random.Next(256);
                break;
            case 2 when room > 0:
                bytes[at] = Heads[_random.Next(Heads.Length)];
                break;
            case 3:
                bytes.RemoveRange(at, some);
                break;
            case 4:
                bytes.InsertRange(at, bytes.GetRange(at, some));
                break;
            case 5:
                bytes.InsertRange(at, Enumerable.Range(0, 1 + _random.Next(8)).Select(_ => (byte)_random.Next(256)).ToArray());
                break;
            case 6 when room > 0:
                Overwrite(bytes, at);
                break;
            case 7:
                bytes.RemoveRange(at, room);
                break;
            case 8:
                var other = corpus[_random.Next(corpus.Count)];
                var from = _random.Next(other.Length + 1);
                bytes.RemoveRange(at, room);
                bytes.AddRange(other[from..]);
                break;
            default:
                var value = room > 0 ? bytes[at] : (byte)0;
                bytes.InsertRange(at, Enumerable.Repeat(value, 1 << _random.Next(1, 12)).ToArray());
                break;
        }
    }

    private void Overwrite(List<byte> bytes, int at)
    {
        Span<byte> value = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(value, Interesting[_random.Next(Interesting.Length)]);
        var width = 1 << _random.Next(4);
        value = value[(8 - width)..];
        for (var i = 0; i < width && at + i < bytes.Count; i++)
        {
            bytes[at + i] = value[i];
        }
    }
}
