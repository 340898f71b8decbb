using System.Diagnostics;
using System.Security.Cryptography;
using KeyMeld.Secp256k1.Memory;

namespace KeyMeld.Secp256k1;

/// <summary>
/// Secret bytes in native memory that is locked (never swapped), left out of core dumps, wiped in forked children, and wiped when this object is disposed
/// (or, if that is forgotten, finalized). It has no equality, no text form and no serialisation; comparison is <see cref="FixedTimeEquals"/>.
/// </summary>
/// <remarks>What it cannot protect from: registers, the stack of the code that handles the bytes, and a debugger on the process.</remarks>
[DebuggerDisplay("{ToString(),nq}")]
public sealed class SecretBytes : IDisposable
{
    private SecretBytes(SecretBytesHandle handle) => Handle = handle;

    /// <summary>The number of bytes, at least 1.</summary>
    public int Length => Handle.Length;

    /// <summary>The bytes. Valid until <see cref="Dispose"/>; whoever shares the object between threads must not dispose it while a span is in use.</summary>
    /// <exception cref="ObjectDisposedException">The object was disposed.</exception>
    public ReadOnlySpan<byte> Span => Handle.Span;

    /// <summary>The bytes, for filling an object made by <see cref="Allocate"/>. The same validity as <see cref="Span"/>.</summary>
    /// <exception cref="ObjectDisposedException">The object was disposed.</exception>
    public Span<byte> Writable => Handle.Span;

    internal SecretBytesHandle Handle { get; }

    /// <summary>Makes <paramref name="length"/> zero bytes, to be filled through <see cref="Writable"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="length"/> is not positive.</exception>
    /// <exception cref="SecureMemoryException">No locked memory could be had.</exception>
    public static SecretBytes Allocate(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        return new SecretBytes(new SecretBytesHandle(length));
    }

    /// <summary>Draws <paramref name="length"/> bytes from <see cref="SecureRandom"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="length"/> is not positive.</exception>
    /// <exception cref="SecureMemoryException">No locked memory could be had.</exception>
    public static SecretBytes Random(int length)
    {
        var secret = Allocate(length);
        SecureRandom.Fill(secret.Writable);
        return secret;
    }

    /// <summary>Copies the given bytes. The caller wipes the source.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="source"/> is empty.</exception>
    /// <exception cref="SecureMemoryException">No locked memory could be had.</exception>
    public static SecretBytes CopyFrom(ReadOnlySpan<byte> source)
    {
        var secret = Allocate(source.Length);
        source.CopyTo(secret.Writable);
        return secret;
    }

    /// <summary>Whether both hold the same bytes, in time that depends on the lengths only.</summary>
    /// <exception cref="ObjectDisposedException">One of them was disposed.</exception>
    public bool FixedTimeEquals(SecretBytes other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return CryptographicOperations.FixedTimeEquals(Span, other.Span);
    }

    /// <summary>Wipes the bytes and gives their memory back.</summary>
    public void Dispose() => Handle.Dispose();

    /// <summary>The type and the length, nothing else.</summary>
    public override string ToString() => $"{nameof(SecretBytes)}[{Length}]";
}
