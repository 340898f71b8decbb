namespace KeyMeld.Images.Eif;

/// <summary>What a Nitro hypervisor reports of an image, 48 bytes each.</summary>
/// <param name="Pcr0">The whole image.</param>
/// <param name="Pcr1">Kernel, command line and first ramdisk.</param>
/// <param name="Pcr2">The other ramdisks.</param>
/// <param name="Pcr8">The signing certificate; null when the image is not signed, which a document reports as zeros.</param>
public sealed record EifMeasurements(ReadOnlyMemory<byte> Pcr0, ReadOnlyMemory<byte> Pcr1, ReadOnlyMemory<byte> Pcr2, ReadOnlyMemory<byte>? Pcr8)
{
    /// <summary>The registers with their names, in lower-case hex.</summary>
    public IEnumerable<(string Name, string Hex)> Registers()
    {
        yield return ("PCR0", Convert.ToHexStringLower(Pcr0.Span));
        yield return ("PCR1", Convert.ToHexStringLower(Pcr1.Span));
        yield return ("PCR2", Convert.ToHexStringLower(Pcr2.Span));
        if (Pcr8 is { } pcr8)
        {
            yield return ("PCR8", Convert.ToHexStringLower(pcr8.Span));
        }
    }
}
