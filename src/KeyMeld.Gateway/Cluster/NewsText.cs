using System.Buffers.Binary;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Gateway.Cluster;

/// <summary>A piece of news as text: kind, hash and the gateway it comes from, in hex. No state, and nothing that is not in the database in the clear.</summary>
internal sealed record NewsText(NewsKind Kind, Hash32 Id, Id16 Sender)
{
    private const char Separator = ' ';

    public override string ToString() => $"{Word(Kind)}{Separator}{Id}{Separator}{Sender}";

    /// <summary>Null for what is no news of this program's: another version may have more kinds.</summary>
    public static NewsText? Parse(string text) =>
        text.Split(Separator) is [var word, var hash, var from] && Find(word) is { } kind && Hash32.TryParse(hash, out var id) && Id16.TryParse(from, out var sender)
            ? new NewsText(kind, id, sender)
            : null;

    /// <summary>What stands in place of a hash in news of an enclave.</summary>
    public static Hash32 OfEnclave(uint number)
    {
        Span<byte> bytes = stackalloc byte[Hash32.Size];
        bytes.Clear();
        BinaryPrimitives.WriteUInt32BigEndian(bytes[^sizeof(uint)..], number);
        return new Hash32(bytes);
    }

    public static uint EnclaveOf(Hash32 id) => BinaryPrimitives.ReadUInt32BigEndian(id.Bytes[^sizeof(uint)..]);

    private static string Word(NewsKind kind) => kind switch
    {
        NewsKind.Group => "group",
        NewsKind.Signing => "signing",
        NewsKind.Rounds => "rounds",
        NewsKind.Enclave => "enclave",
        NewsKind.Released => "released",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    private static NewsKind? Find(string word)
    {
        foreach (var kind in Enum.GetValues<NewsKind>())
        {
            if (Word(kind) == word)
            {
                return kind;
            }
        }
        return null;
    }
}
