namespace KeyMeld.DevKit.Kms.Recipients;

/// <summary>How the encrypted content of `CiphertextForRecipient` is laid out; AWS has been seen to emit all three.</summary>
public sealed record CmsLayout
{
    private CmsLayout(bool isPrimitive, int chunkSize) => (IsPrimitive, ChunkSize) = (isPrimitive, chunkSize);

    /// <summary>Form A: a constructed string of indefinite length holding one OCTET STRING. What a 32-byte data key comes in.</summary>
    public static CmsLayout Constructed { get; } = new(isPrimitive: false, int.MaxValue);

    /// <summary>Form B: one primitive string.</summary>
    public static CmsLayout Primitive { get; } = new(isPrimitive: true, int.MaxValue);

    /// <summary>Form A with OCTET STRINGs of at most <paramref name="chunkSize"/> bytes, as for long plaintexts.</summary>
    public static CmsLayout Chunked(int chunkSize)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(chunkSize, 1);
        return new(isPrimitive: false, chunkSize);
    }

    internal bool IsPrimitive { get; }

    internal int ChunkSize { get; }
}
