using Google.Protobuf;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Gateway.Storage;

/// <summary>A statement as it was signed: its bytes, never encoded again, and its signatures, 64 bytes each, one after the other.</summary>
internal sealed record StoredStatement(byte[] Statement, byte[] Signatures)
{
    public Hash32 Hash => Hash32.Sha256(Statement);

    public static StoredStatement From(SignedStatement signed)
    {
        var signatures = new byte[signed.Signatures.Count * SchnorrSignature.Size];
        for (var index = 0; index < signed.Signatures.Count; index++)
        {
            signed.Signatures[index].Bytes.CopyTo(signatures.AsSpan(index * SchnorrSignature.Size));
        }
        return new StoredStatement(signed.Statement.ToArray(), signatures);
    }

    public SignedStatement ToSigned() => new(Statement, [.. Signatures.Chunk(SchnorrSignature.Size).Select(signature => SchnorrSignature.Parse(signature))]);

    public Wire.V1.SignedStatement ToWire()
    {
        var wire = new Wire.V1.SignedStatement { Statement = UnsafeByteOperations.UnsafeWrap(Statement) };
        for (var start = 0; start < Signatures.Length; start += SchnorrSignature.Size)
        {
            wire.Signatures.Add(UnsafeByteOperations.UnsafeWrap(Signatures.AsMemory(start, SchnorrSignature.Size)));
        }
        return wire;
    }
}
