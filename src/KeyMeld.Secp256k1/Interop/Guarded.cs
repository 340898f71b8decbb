using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace KeyMeld.Secp256k1.Interop;

/// <summary>Shows whether the library writes as many bytes as we think a structure has: the memory is filled with a pattern first and looked at afterwards.</summary>
[InlineArray(Size)]
internal struct Guard
{
    /// <summary>Bytes behind the structure that must keep the pattern.</summary>
    public const int Size = 64;

    private const byte Pattern = 0xa5;
    private const int Tail = 4;
    private byte _first;

    public static void Fill(Span<byte> memory) => memory.Fill(Pattern);

    /// <summary>The end of the structure must have been written, and nothing behind it.</summary>
    /// <exception cref="Secp256k1UnavailableException">The library's structure has another size.</exception>
    public static void Check(ReadOnlySpan<byte> memory, int size, string name)
    {
        if (memory[size..].ContainsAnyExcept(Pattern) || !memory[(size - Tail)..size].ContainsAnyExcept(Pattern))
            throw new Secp256k1UnavailableException($"libsecp256k1 has another size for {name} than {size} bytes. Install version 0.7 or 0.8.");
    }
}

/// <summary>A public structure for the library to fill, with a guard behind it.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct Guarded<T>
    where T : unmanaged
{
    public T Value;
    private Guard _guard;

    public static Guarded<T> Create()
    {
        Guarded<T> guarded = default;
        Guard.Fill(MemoryMarshal.AsBytes(new Span<Guarded<T>>(ref guarded)));
        return guarded;
    }

    public readonly void Check() => Guard.Check(MemoryMarshal.AsBytes(new ReadOnlySpan<Guarded<T>>(in this)), Unsafe.SizeOf<T>(), typeof(T).Name);
}
