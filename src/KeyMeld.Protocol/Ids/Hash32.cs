using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json.Serialization;
using KeyMeld.Protocol.Encoding;
using KeyMeld.Protocol.Http;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Ids;

/// <summary>Thirty-two bytes: a digest, or what the protocol treats like one.</summary>
[JsonConverter(typeof(Hash32JsonConverter))]
public readonly struct Hash32 : IEquatable<Hash32>, ISpanParsable<Hash32>
{
    /// <summary>Bytes.</summary>
    public const int Size = 32;

    private readonly ulong _a;
    private readonly ulong _b;
    private readonly ulong _c;
    private readonly ulong _d;

    /// <summary>Copies thirty-two bytes.</summary>
    /// <exception cref="ArgumentException">There are not thirty-two.</exception>
    public Hash32(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Size)
        {
            throw new ArgumentException($"A hash has {Size} bytes.", nameof(bytes));
        }
        _a = MemoryMarshal.Read<ulong>(bytes);
        _b = MemoryMarshal.Read<ulong>(bytes[8..]);
        _c = MemoryMarshal.Read<ulong>(bytes[16..]);
        _d = MemoryMarshal.Read<ulong>(bytes[24..]);
    }

    /// <summary>The bytes, as long as this value stays where it is.</summary>
    [UnscopedRef]
    public ReadOnlySpan<byte> Bytes => MemoryMarshal.AsBytes(new ReadOnlySpan<Hash32>(in this));

    /// <summary>Whether this is the value nobody set.</summary>
    public bool IsDefault => (_a | _b | _c | _d) == 0;

    /// <summary>SHA-256.</summary>
    public static Hash32 Sha256(ReadOnlySpan<byte> data)
    {
        Span<byte> digest = stackalloc byte[Size];
        SHA256.HashData(data, digest);
        return new Hash32(digest);
    }

    /// <summary>BIP-340 tagged hash.</summary>
    public static Hash32 Tagged(string tag, ReadOnlySpan<byte> data)
    {
        Span<byte> digest = stackalloc byte[Size];
        TaggedHash.Compute(tag, data, digest);
        return new Hash32(digest);
    }

    /// <summary>Parses 64 lower-case hex digits.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out Hash32 hash)
    {
        Span<byte> bytes = stackalloc byte[Size];
        var parsed = Hex.TryDecode(text, bytes);
        hash = parsed ? new Hash32(bytes) : default;
        return parsed;
    }

    /// <summary>Parses 64 lower-case hex digits.</summary>
    /// <exception cref="FormatException">The text is anything else.</exception>
    public static Hash32 Parse(ReadOnlySpan<char> text) => TryParse(text, out var hash) ? hash : throw new FormatException("A hash is 64 lower-case hex digits.");

    /// <inheritdoc/>
    static Hash32 ISpanParsable<Hash32>.Parse(ReadOnlySpan<char> s, IFormatProvider? provider) => Parse(s);

    /// <inheritdoc/>
    static bool ISpanParsable<Hash32>.TryParse(ReadOnlySpan<char> s, IFormatProvider? provider, out Hash32 result) => TryParse(s, out result);

    /// <inheritdoc/>
    static Hash32 IParsable<Hash32>.Parse(string s, IFormatProvider? provider) => Parse(s);

    /// <inheritdoc/>
    static bool IParsable<Hash32>.TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out Hash32 result) => TryParse(s, out result);

    /// <summary>Copies the bytes.</summary>
    public void CopyTo(Span<byte> destination) => Bytes.CopyTo(destination);

    /// <summary>A copy of the bytes.</summary>
    public byte[] ToArray() => Bytes.ToArray();

    /// <inheritdoc/>
    public bool Equals(Hash32 other) => _a == other._a && _b == other._b && _c == other._c && _d == other._d;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Hash32 other && Equals(other);

    /// <summary>A hash that others cannot predict: these bytes may be theirs to choose.</summary>
    public override int GetHashCode() => HashCode.Combine(_a, _b, _c, _d);

    /// <summary>64 lower-case hex digits.</summary>
    public override string ToString() => Hex.Encode(Bytes);

    /// <summary>Equality of the bytes.</summary>
    public static bool operator ==(Hash32 left, Hash32 right) => left.Equals(right);

    /// <summary>Inequality of the bytes.</summary>
    public static bool operator !=(Hash32 left, Hash32 right) => !left.Equals(right);
}
