// RFC 8949 section 4.2.1 (core deterministic encoding), read strictly: one byte string for each value, everything else is refused.
// Maps are read key by key in the order the encoding prescribes, so an unknown, missing, repeated or misplaced key is the same thing: not the next one expected.
// Nesting needs no counter: readers follow their grammar, whose one recursion (the script tree) has its own bound.
using System.Buffers.Binary;
using System.Text.Unicode;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Protocol.Encoding;

/// <summary>Reads one value of deterministic CBOR. Every refusal is a <see cref="KeyMeldException"/> with <see cref="ErrorCodes.StatementInvalid"/>.</summary>
public ref struct StrictCborReader
{
    private const int Unsigned = 0;
    private const int ByteString = 2;
    private const int TextString = 3;
    private const int Array = 4;
    private const int Map = 5;
    private const byte False = 0xf4;
    private const byte True = 0xf5;
    private const byte Null = 0xf6;

    private readonly ReadOnlySpan<byte> _data;
    private readonly string _what;
    private int _position;

    /// <summary>Starts at the first byte.</summary>
    /// <param name="data">The whole value.</param>
    /// <param name="what">What it is, for messages.</param>
    /// <param name="limit">The largest size accepted, in bytes.</param>
    public StrictCborReader(ReadOnlySpan<byte> data, string what, int limit)
    {
        _data = data;
        _what = what;
        if (data.Length > limit)
        {
            throw Invalid($"is {data.Length} bytes, over the limit of {limit}");
        }
    }

    /// <summary>Where the next value begins.</summary>
    public readonly int Position => _position;

    /// <summary>An unsigned integer below 2^31: every number of the protocol that is not a time.</summary>
    public int ReadInt() => (int)ReadUnsigned(int.MaxValue);

    /// <summary>Unix milliseconds, below 2^53.</summary>
    public long ReadTime() => (long)ReadUnsigned(Limits.MaxTime);

    /// <summary>A byte string of any length.</summary>
    public ReadOnlySpan<byte> ReadBytes() => Take(ReadLength(ByteString, "a byte string"));

    /// <summary>A byte string of exactly <paramref name="size"/> bytes.</summary>
    public ReadOnlySpan<byte> ReadBytes(int size)
    {
        var length = ReadLength(ByteString, "a byte string");
        return length == size ? Take(length) : throw Invalid($"has {length} bytes where {size} belong, before byte {_position}");
    }

    /// <summary>Well-formed UTF-8 text of at most <paramref name="limit"/> bytes.</summary>
    public string ReadText(int limit) => System.Text.Encoding.UTF8.GetString(ReadUtf8(limit));

    /// <summary>As <see cref="ReadText"/>, without the string.</summary>
    public ReadOnlySpan<byte> ReadUtf8(int limit)
    {
        var length = ReadLength(TextString, "text");
        if (length > limit)
        {
            throw Invalid($"has text of {length} bytes, over the limit of {limit}, before byte {_position}");
        }
        var text = Take(length);
        return Utf8.IsValid(text) ? text : throw Invalid($"has text that is not UTF-8 before byte {_position}");
    }

    /// <summary>True or false.</summary>
    public bool ReadBoolean() => Next() switch
    {
        True => Skip(true),
        False => Skip(false),
        _ => throw Expected("true or false"),
    };

    /// <summary>The value true, the only one some members have.</summary>
    public void ReadTrue()
    {
        if (!ReadBoolean())
        {
            throw Invalid($"says false where only true or nothing belongs, before byte {_position}");
        }
    }

    /// <summary>Passes over null where the next value is null.</summary>
    public bool TryReadNull() => Next() == Null && Skip(true);

    /// <summary>Whether the next value is text.</summary>
    public readonly bool IsText => Next() >> 5 == TextString;

    /// <summary>Whether the next value is an array.</summary>
    public readonly bool IsArray => Next() >> 5 == Array;

    /// <summary>The start of an array of <paramref name="minimum"/> to <paramref name="maximum"/> values; its values follow.</summary>
    public int ReadArray(int minimum, int maximum)
    {
        var count = ReadLength(Array, "an array");
        return count >= minimum && count <= maximum
            ? count
            : throw Invalid($"has {count} entries where {minimum} to {maximum} belong, before byte {_position}");
    }

    /// <summary>The start of a map; pass the count to <see cref="Key"/>, <see cref="TryKey"/> and <see cref="EndMap"/>.</summary>
    public int ReadMap() => ReadLength(Map, "a map");

    /// <summary>The next key, which must be this one.</summary>
    public void Key(ref int remaining, ReadOnlySpan<byte> name)
    {
        if (!TryKey(ref remaining, name))
        {
            throw Invalid($"has not the key '{System.Text.Encoding.UTF8.GetString(name)}' at byte {_position}: missing, unknown or misplaced");
        }
    }

    /// <summary>Passes over this key where it is the next one.</summary>
    /// <param name="remaining">Entries left in the map.</param>
    /// <param name="name">At most 23 bytes of text.</param>
    public bool TryKey(ref int remaining, ReadOnlySpan<byte> name)
    {
        var rest = _data[_position..];
        if (remaining == 0 || rest.Length <= name.Length || rest[0] != (TextString << 5 | name.Length) || !rest[1..].StartsWith(name))
        {
            return false;
        }
        _position += 1 + name.Length;
        remaining--;
        return true;
    }

    /// <summary>Refuses keys beyond those read.</summary>
    public readonly void EndMap(int remaining)
    {
        if (remaining != 0)
        {
            throw Invalid($"has an unknown or misplaced key at byte {_position}");
        }
    }

    /// <summary>Refuses trailing bytes.</summary>
    public readonly void End()
    {
        if (_position != _data.Length)
        {
            throw Invalid($"has {_data.Length - _position} trailing bytes");
        }
    }

    /// <summary>A refusal that says what is wrong.</summary>
    /// <param name="wrong">The rest of a sentence that begins with what is read.</param>
    public readonly KeyMeldException Invalid(string wrong) => new(ErrorCodes.StatementInvalid, $"The {_what} {wrong}.");

    private readonly KeyMeldException Expected(string kind) => Invalid($"has something other than {kind} at byte {_position}");

    private readonly byte Next() => _position < _data.Length ? _data[_position] : throw Invalid("is cut short");

    private bool Skip(bool value)
    {
        _position++;
        return value;
    }

    private ReadOnlySpan<byte> Take(int length)
    {
        var taken = _data.Slice(_position, length);
        _position += length;
        return taken;
    }

    // A length or count is never more than the bytes that follow, which bounds every allocation by the input.
    private int ReadLength(int major, string kind)
    {
        var value = ReadHead(major, kind);
        return value <= (ulong)(_data.Length - _position) ? (int)value : throw Invalid("is cut short");
    }

    private ulong ReadUnsigned(ulong maximum)
    {
        var value = ReadHead(Unsigned, "an unsigned integer");
        return value <= maximum ? value : throw Invalid($"has a number over {maximum} before byte {_position}");
    }

    private ulong ReadHead(int major, string kind)
    {
        var head = Next();
        if (head >> 5 != major)
        {
            throw Expected(kind);
        }
        var info = head & 0x1f;
        if (info < 24)
        {
            _position++;
            return (ulong)info;
        }
        if (info > 27)
        {
            throw Invalid($"has an indefinite or reserved length at byte {_position}");
        }
        var size = 1 << (info - 24);
        if (_data.Length - _position <= size)
        {
            throw Invalid("is cut short");
        }
        var rest = _data.Slice(_position + 1, size);
        var value = size switch
        {
            1 => rest[0],
            2 => BinaryPrimitives.ReadUInt16BigEndian(rest),
            4 => BinaryPrimitives.ReadUInt32BigEndian(rest),
            _ => BinaryPrimitives.ReadUInt64BigEndian(rest),
        };
        var smallest = size == 1 ? 24UL : 1UL << (size * 4);
        if (value < smallest)
        {
            throw Invalid($"has a number that is not in its shortest form at byte {_position}");
        }
        _position += 1 + size;
        return value;
    }
}
