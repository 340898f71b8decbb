// RFC 9180 section 4, LabeledExtract and LabeledExpand with HKDF-SHA256.
using System.Buffers.Binary;
using System.Security.Cryptography;

namespace KeyMeld.Protocol.Hpke;

/// <summary>The labelled HKDF of one suite id.</summary>
internal readonly ref struct HpkeLabels(ReadOnlySpan<byte> suiteId)
{
    public const int HashSize = 32;
    private const int LongestSecret = 64;

    private readonly ReadOnlySpan<byte> _suiteId = suiteId;

    private static ReadOnlySpan<byte> Version => "HPKE-v1"u8;

    /// <summary>LabeledExtract. The keying material is a secret of at most 64 bytes, or public and of any length.</summary>
    public void Extract(ReadOnlySpan<byte> salt, ReadOnlySpan<byte> label, ReadOnlySpan<byte> material, Span<byte> destination)
    {
        var size = Version.Length + _suiteId.Length + label.Length + material.Length;
        Span<byte> labelled = material.Length <= LongestSecret ? stackalloc byte[size] : new byte[size];
        try
        {
            Join(labelled, Version, _suiteId, label, material);
            HKDF.Extract(HashAlgorithmName.SHA256, labelled, salt, destination);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(labelled);
        }
    }

    /// <summary>LabeledExpand; <paramref name="info"/> is public.</summary>
    public void Expand(ReadOnlySpan<byte> key, ReadOnlySpan<byte> label, ReadOnlySpan<byte> info, Span<byte> destination)
    {
        var labelled = new byte[2 + Version.Length + _suiteId.Length + label.Length + info.Length];
        BinaryPrimitives.WriteUInt16BigEndian(labelled, (ushort)destination.Length);
        Join(labelled.AsSpan(2), Version, _suiteId, label, info);
        HKDF.Expand(HashAlgorithmName.SHA256, key, destination, labelled);
    }

    private static void Join(Span<byte> destination, ReadOnlySpan<byte> a, ReadOnlySpan<byte> b, ReadOnlySpan<byte> c, ReadOnlySpan<byte> d)
    {
        a.CopyTo(destination);
        b.CopyTo(destination[a.Length..]);
        c.CopyTo(destination[(a.Length + b.Length)..]);
        d.CopyTo(destination[(a.Length + b.Length + c.Length)..]);
    }
}
