using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text.Json.Serialization;
using KeyMeld.Protocol.Encoding;
using KeyMeld.Protocol.Http;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Ids;

/// <summary>Sixteen bytes that name a user, subset, item, signing, key or boot. Ordered bytewise.</summary>
[JsonConverter(typeof(Id16JsonConverter))]
public readonly struct Id16 : IEquatable<Id16>, IComparable<Id16>, ISpanParsable<Id16>
{
    /// <summary>Bytes.</summary>
    public const int Size = 16;

    private readonly ulong _a;
    private readonly ulong _b;

    /// <summary>Copies sixteen bytes.</summary>
    /// <exception cref="ArgumentException">There are not sixteen.</exception>
    public Id16(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Size)
        {
            throw new ArgumentException($"An id has {Size} bytes.", nameof(bytes));
        }
        _a = MemoryMarshal.Read<ulong>(bytes);
        _b = MemoryMarshal.Read<ulong>(bytes[8..]);
    }

    /// <summary>The bytes, as long as this value stays where it is.</summary>
    [UnscopedRef]
    public ReadOnlySpan<byte> Bytes => MemoryMarshal.AsBytes(new ReadOnlySpan<Id16>(in this));

    /// <summary>Whether this is the value nobody set.</summary>
    public bool IsDefault => (_a | _b) == 0;

    /// <summary>Sixteen fresh random bytes.</summary>
    public static Id16 Random()
    {
        Span<byte> bytes = stackalloc byte[Size];
        SecureRandom.Fill(bytes);
        return new Id16(bytes);
    }

    /// <summary>Parses 32 lower-case hex digits.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out Id16 id)
    {
        Span<byte> bytes = stackalloc byte[Size];
        var parsed = Hex.TryDecode(text, bytes);
        id = parsed ? new Id16(bytes) : default;
        return parsed;
    }

    /// <summary>Parses 32 lower-case hex digits.</summary>
    /// <exception cref="FormatException">The text is anything else.</exception>
    public static Id16 Parse(ReadOnlySpan<char> text) => TryParse(text, out var id) ? id : throw new FormatException("An id is 32 lower-case hex digits.");

    /// <inheritdoc/>
    static Id16 ISpanParsable<Id16>.Parse(ReadOnlySpan<char> s, IFormatProvider? provider) => Parse(s);

    /// <inheritdoc/>
    static bool ISpanParsable<Id16>.TryParse(ReadOnlySpan<char> s, IFormatProvider? provider, out Id16 result) => TryParse(s, out result);

    /// <inheritdoc/>
    static Id16 IParsable<Id16>.Parse(string s, IFormatProvider? provider) => Parse(s);

    /// <inheritdoc/>
    static bool IParsable<Id16>.TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out Id16 result) => TryParse(s, out result);

    /// <summary>Copies the bytes.</summary>
    public void CopyTo(Span<byte> destination) => Bytes.CopyTo(destination);

    /// <summary>A copy of the bytes.</summary>
    public byte[] ToArray() => Bytes.ToArray();

    /// <inheritdoc/>
    public int CompareTo(Id16 other) => Bytes.SequenceCompareTo(other.Bytes);

    /// <inheritdoc/>
    public bool Equals(Id16 other) => _a == other._a && _b == other._b;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Id16 other && Equals(other);

    /// <summary>A hash that others cannot predict: ids are theirs to choose.</summary>
    public override int GetHashCode() => HashCode.Combine(_a, _b);

    /// <summary>32 lower-case hex digits.</summary>
    public override string ToString() => Hex.Encode(Bytes);

    /// <summary>Equality of the bytes.</summary>
    public static bool operator ==(Id16 left, Id16 right) => left.Equals(right);

    /// <summary>Inequality of the bytes.</summary>
    public static bool operator !=(Id16 left, Id16 right) => !left.Equals(right);

    /// <summary>Bytewise order.</summary>
    public static bool operator <(Id16 left, Id16 right) => left.CompareTo(right) < 0;

    /// <summary>Bytewise order.</summary>
    public static bool operator >(Id16 left, Id16 right) => left.CompareTo(right) > 0;

    /// <summary>Bytewise order.</summary>
    public static bool operator <=(Id16 left, Id16 right) => left.CompareTo(right) <= 0;

    /// <summary>Bytewise order.</summary>
    public static bool operator >=(Id16 left, Id16 right) => left.CompareTo(right) >= 0;
}
