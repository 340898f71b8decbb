using System.Runtime.InteropServices;

namespace KeyMeld.Secp256k1.Interop;

/// <summary>A C array of pointers to public structures (`const T * const *`): copies of the structures followed by the pointers to them, in one block.</summary>
internal unsafe ref struct PointerTable<T>
    where T : unmanaged
{
    private readonly int _capacity;
    private readonly T* _items;
    private int _count;

    public PointerTable(int capacity)
    {
        _capacity = capacity;
        Pointers = (T**)NativeMemory.Alloc((nuint)capacity, (nuint)(sizeof(T*) + sizeof(T)));
        _items = (T*)(Pointers + capacity);
    }

    public T** Pointers { get; }

    public readonly nuint Count => (nuint)_count;

    public void Add(in T item)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(_count, _capacity);
        _items[_count] = item;
        Pointers[_count] = _items + _count;
        _count++;
    }

    public readonly void Dispose() => NativeMemory.Free(Pointers);
}
