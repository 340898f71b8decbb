using System.Buffers.Binary;
using System.Text;

namespace KeyMeld.DevKit.Kms.Ciphertext;

/// <summary>
/// The string pairs authenticated with a ciphertext. Order does not matter, case does. As AAD every string carries its length: {"a":"bc"} and {"ab":"c"}
/// must not be the same bytes (they are in other emulators, kms-nitro.md section 9).
/// </summary>
internal sealed class EncryptionContext
{
    /// <summary>AWS bounds the whole request; this is the documented size of a context.</summary>
    public const int MaxBytes = 8192;

    public static readonly EncryptionContext Empty = new(new SortedDictionary<string, string>(StringComparer.Ordinal));

    public EncryptionContext(IReadOnlyDictionary<string, string> pairs) => Pairs = pairs;

    public IReadOnlyDictionary<string, string> Pairs { get; }

    /// <summary>u32 count, then each pair in the order of the names' UTF-8 bytes: u32 length and bytes of the name, then of the value.</summary>
    public byte[] ToAad()
    {
        var pairs = Pairs.Select(pair => (Name: Encoding.UTF8.GetBytes(pair.Key), Value: Encoding.UTF8.GetBytes(pair.Value))).ToList();
        pairs.Sort((left, right) => left.Name.AsSpan().SequenceCompareTo(right.Name));
        using var aad = new MemoryStream();
        WriteLength(aad, pairs.Count);
        foreach (var (name, value) in pairs)
        {
            WriteLength(aad, name.Length);
            aad.Write(name);
            WriteLength(aad, value.Length);
            aad.Write(value);
        }
        return aad.ToArray();
    }

    private static void WriteLength(MemoryStream target, int length)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, length);
        target.Write(bytes);
    }
}
