using System.Runtime.CompilerServices;

namespace KeyMeld.Secp256k1;

// Serialised forms, stored inside their objects rather than in arrays beside them.

[InlineArray(32)]
internal struct Bytes32
{
    private byte _first;
}

[InlineArray(33)]
internal struct Bytes33
{
    private byte _first;
}

[InlineArray(64)]
internal struct Bytes64
{
    private byte _first;
}

[InlineArray(66)]
internal struct Bytes66
{
    private byte _first;
}
