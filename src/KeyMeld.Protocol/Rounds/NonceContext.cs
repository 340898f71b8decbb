// protocol.md section 6, "Nonces": what was agreed goes into extra_input, besides the randomness that alone protects. BIP-327, "Nonce Generation".
using System.Buffers.Binary;
using KeyMeld.Protocol.Ids;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Rounds;

/// <summary>Tells every use of a nonce apart: request, attempt, boot, item, signer, subset, tweaks, adaptor point. All fields have fixed places.</summary>
public sealed class NonceContext
{
    private const string Tag = "KeyMeld/v1/nonce";
    private const int Size = Hash32.Size + 4 + Id16.Size + 8 + 4 + 1 + Id16.Size + Hash32.Size + 1 + PublicKey.Size;

    private readonly Hash32 _request;
    private readonly int _attempt;
    private readonly Id16 _boot;

    /// <summary>What all nonces of one attempt in one boot have in common.</summary>
    /// <param name="request">D.</param>
    /// <param name="attempt">The attempt.</param>
    /// <param name="boot">The node's boot.</param>
    public NonceContext(Hash32 request, int attempt, Id16 boot) => (_request, _attempt, _boot) = (request, attempt, boot);

    /// <summary>The 32 bytes of extra input.</summary>
    /// <param name="item">Place of the item in the batch.</param>
    /// <param name="signer">Index of the participant.</param>
    /// <param name="subset">Null is the whole group.</param>
    /// <param name="chain">SHA-256 of the effective tweak chain.</param>
    /// <param name="adaptor">T, where there is one.</param>
    public Hash32 ExtraInput(int item, int signer, Id16? subset, Hash32 chain, PublicKey? adaptor)
    {
        Span<byte> data = stackalloc byte[Size];
        data.Clear();
        var rest = data;
        Put(ref rest, _request.Bytes);
        BinaryPrimitives.WriteInt32BigEndian(Next(ref rest, 4), _attempt);
        Put(ref rest, _boot.Bytes);
        BinaryPrimitives.WriteUInt64BigEndian(Next(ref rest, 8), (ulong)item);
        BinaryPrimitives.WriteInt32BigEndian(Next(ref rest, 4), signer);
        Next(ref rest, 1)[0] = subset is null ? (byte)0 : (byte)1;
        Put(ref rest, (subset ?? default).Bytes);
        Put(ref rest, chain.Bytes);
        Next(ref rest, 1)[0] = adaptor is null ? (byte)0 : (byte)1;
        adaptor?.Bytes.CopyTo(rest);
        return Hash32.Tagged(Tag, data);
    }

    private static Span<byte> Next(ref Span<byte> rest, int length)
    {
        var field = rest[..length];
        rest = rest[length..];
        return field;
    }

    private static void Put(ref Span<byte> rest, ReadOnlySpan<byte> value) => value.CopyTo(Next(ref rest, value.Length));
}
