using System.Security.Cryptography;
using System.Text;

namespace KeyMeld.Attestation;

/// <summary>
/// How platform configuration registers come about: <c>extend</c> of the Nitro Secure Module, and the values nitro-cli and the hypervisor give the first ones
/// (aws-nitro-enclaves-image-format; AWS Nitro Enclaves User Guide, "Where to get an enclave's measurements").
/// </summary>
public static class PcrMath
{
    /// <summary>Bytes of a register (SHA-384).</summary>
    public const int Size = SHA384.HashSizeInBytes;

    /// <summary>How nitro-cli names the algorithm of the registers beside them.</summary>
    public const string HashAlgorithm = "Sha384 { ... }";

    /// <summary>A register never extended: 48 zero bytes.</summary>
    public static byte[] Zero => new byte[Size];

    /// <summary>The register after ExtendPCR: SHA-384(<paramref name="current"/> ‖ <paramref name="data"/>).</summary>
    /// <param name="current">The register's 48 bytes.</param>
    /// <param name="data">What it is extended with, of any length.</param>
    /// <returns>The new 48 bytes.</returns>
    public static byte[] Extend(ReadOnlySpan<byte> current, ReadOnlySpan<byte> data)
    {
        if (current.Length != Size)
        {
            throw new ArgumentException($"A register has {Size} bytes.", nameof(current));
        }
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA384);
        hash.AppendData(current);
        hash.AppendData(data);
        return hash.GetHashAndReset();
    }

    /// <summary>
    /// A register that measures content once: SHA-384(0^48 ‖ SHA-384(content)). PCR8 is this of the DER of the certificate that signed the image.
    /// </summary>
    /// <param name="content">The measured bytes.</param>
    /// <returns>48 bytes.</returns>
    public static byte[] OfContent(ReadOnlySpan<byte> content) => OfDigest(SHA384.HashData(content));

    /// <summary>The register of content whose SHA-384 is already known: SHA-384(0^48 ‖ digest).</summary>
    /// <param name="digest">48 bytes.</param>
    /// <returns>48 bytes.</returns>
    public static byte[] OfDigest(ReadOnlySpan<byte> digest) =>
        digest.Length == Size ? Extend(Zero, digest) : throw new ArgumentException($"A SHA-384 digest has {Size} bytes.", nameof(digest));

    /// <summary>PCR3 (IAM role ARN of the parent) and PCR4 (its instance id): the text itself, not its digest, extends the zero register.</summary>
    /// <param name="text">ASCII text.</param>
    /// <returns>48 bytes.</returns>
    public static byte[] OfText(string text) => Extend(Zero, Encoding.ASCII.GetBytes(text));

    /// <summary>
    /// PCR0, PCR1 and PCR2 of an enclave image. The parts are concatenated without framing, so bytes moved between neighbours change nothing:
    /// only the three registers together, of an image one built oneself, say something.
    /// </summary>
    /// <param name="kernel">The kernel section.</param>
    /// <param name="commandLine">The kernel command line section.</param>
    /// <param name="ramdisks">The ramdisk sections in their order; the first one boots, the others hold the application.</param>
    /// <returns>The three registers.</returns>
    public static (byte[] Pcr0, byte[] Pcr1, byte[] Pcr2) OfImage(
        ReadOnlyMemory<byte> kernel, ReadOnlyMemory<byte> commandLine, IReadOnlyList<ReadOnlyMemory<byte>> ramdisks)
    {
        if (ramdisks.Count == 0)
        {
            throw new ArgumentException("An enclave image has at least one ramdisk.", nameof(ramdisks));
        }
        return (OfParts([kernel, commandLine, .. ramdisks]), OfParts([kernel, commandLine, ramdisks[0]]), OfParts(ramdisks.Skip(1)));
    }

    private static byte[] OfParts(IEnumerable<ReadOnlyMemory<byte>> parts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA384);
        foreach (var part in parts)
        {
            hash.AppendData(part.Span);
        }
        return OfDigest(hash.GetHashAndReset());
    }
}
