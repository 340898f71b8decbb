// RFC 8949 section 4.2.1: shortest heads, definite lengths. Callers write map keys in the order of their encodings (shorter first, then bytewise).
using System.Buffers.Binary;
using System.Security.Cryptography;

namespace KeyMeld.Protocol.Encoding;

/// <summary>Writes deterministic CBOR into a buffer of its own. <see cref="Dispose"/> wipes that buffer, which matters only where secrets were written.</summary>
public sealed class CborEncoder : IDisposable
{
    private readonly bool _secret;
    private byte[] _buffer;
    private int _length;

    /// <summary>An empty encoder.</summary>
    /// <param name="capacity">Bytes to begin with; it grows as needed.</param>
    /// <param name="secret">Whether secrets will be written: the buffer is then pinned, so that no copy is left behind, and the caller disposes it.</param>
    public CborEncoder(int capacity = 256, bool secret = false)
    {
        _secret = secret;
        _buffer = GC.AllocateUninitializedArray<byte>(capacity, pinned: secret);
    }

    /// <summary>What was written so far; valid until the next write.</summary>
    public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, _length);

    /// <summary>A copy of what was written.</summary>
    public byte[] ToArray() => Written.ToArray();

    /// <summary>An unsigned integer.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public CborEncoder Number(long value)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(value);
        return Head(0, (ulong)value);
    }

    /// <summary>A byte string.</summary>
    public CborEncoder Bytes(ReadOnlySpan<byte> value) => Head(2, (ulong)value.Length).Raw(value);

    /// <summary>Text.</summary>
    /// <exception cref="System.Text.EncoderFallbackException">The text is not valid UTF-16.</exception>
    public CborEncoder Text(string value) => Utf8(StrictUtf8.GetBytes(value));

    /// <summary>Text that is UTF-8 already, map keys above all.</summary>
    public CborEncoder Utf8(ReadOnlySpan<byte> value) => Head(3, (ulong)value.Length).Raw(value);

    /// <summary>The head of an array of <paramref name="count"/> values, which follow.</summary>
    public CborEncoder Array(int count) => Head(4, (ulong)count);

    /// <summary>The head of a map of <paramref name="count"/> entries, which follow as key, value, key, value.</summary>
    public CborEncoder Map(int count) => Head(5, (ulong)count);

    /// <summary>True or false.</summary>
    public CborEncoder Boolean(bool value) => Raw([value ? (byte)0xf5 : (byte)0xf4]);

    /// <summary>Null.</summary>
    public CborEncoder Null() => Raw([0xf6]);

    /// <summary>Bytes that are encoded already.</summary>
    public CborEncoder Raw(ReadOnlySpan<byte> value)
    {
        value.CopyTo(Reserve(value.Length));
        return this;
    }

    /// <summary>Wipes the buffer.</summary>
    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(_buffer);
        _length = 0;
    }

    private static System.Text.UTF8Encoding StrictUtf8 { get; } = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private CborEncoder Head(int major, ulong value)
    {
        var type = (byte)(major << 5);
        switch (value)
        {
            case < 24:
                Reserve(1)[0] = (byte)(type | (byte)value);
                break;
            case <= byte.MaxValue:
                var two = Reserve(2);
                two[0] = (byte)(type | 24);
                two[1] = (byte)value;
                break;
            case <= ushort.MaxValue:
                var three = Reserve(3);
                three[0] = (byte)(type | 25);
                BinaryPrimitives.WriteUInt16BigEndian(three[1..], (ushort)value);
                break;
            case <= uint.MaxValue:
                var five = Reserve(5);
                five[0] = (byte)(type | 26);
                BinaryPrimitives.WriteUInt32BigEndian(five[1..], (uint)value);
                break;
            default:
                var nine = Reserve(9);
                nine[0] = (byte)(type | 27);
                BinaryPrimitives.WriteUInt64BigEndian(nine[1..], value);
                break;
        }
        return this;
    }

    private Span<byte> Reserve(int size)
    {
        var needed = _length + size;
        if (needed > _buffer.Length)
        {
            var grown = GC.AllocateUninitializedArray<byte>(Math.Max(needed, _buffer.Length * 2), pinned: _secret);
            Written.CopyTo(grown);
            CryptographicOperations.ZeroMemory(_buffer);
            _buffer = grown;
        }
        var reserved = _buffer.AsSpan(_length, size);
        _length = needed;
        return reserved;
    }
}
