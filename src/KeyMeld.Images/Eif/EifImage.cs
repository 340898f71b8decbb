using System.Security.Cryptography.X509Certificates;
using KeyMeld.Attestation;

namespace KeyMeld.Images.Eif;

/// <summary>The parts of an enclave image. What is measured of it: kernel, command line, ramdisks and the signing certificate; nothing else.</summary>
public sealed record EifImage
{
    /// <summary>The most bytes an image may have.</summary>
    public const int MaxSize = 1 << 30;

    /// <summary>Which processor it is for.</summary>
    public bool Arm64 { get; init; }

    /// <summary>Bytes of memory an enclave gets unless told otherwise. Not measured.</summary>
    public ulong DefaultMemory { get; init; } = 1UL << 30;

    /// <summary>Processors an enclave gets unless told otherwise. Not measured.</summary>
    public ulong DefaultProcessors { get; init; } = 2;

    /// <summary>The kernel (bzImage, or Image on ARM).</summary>
    public required ReadOnlyMemory<byte> Kernel { get; init; }

    /// <summary>The kernel's command line.</summary>
    public required ReadOnlyMemory<byte> CommandLine { get; init; }

    /// <summary>JSON for people (<see cref="EifMetadata"/>), or null. Not measured: never trust it.</summary>
    public ReadOnlyMemory<byte>? Metadata { get; init; }

    /// <summary>At least one. The first boots (PCR1), the others hold the application (PCR2); the kernel unpacks one over the other.</summary>
    public required IReadOnlyList<ReadOnlyMemory<byte>> Ramdisks { get; init; }

    /// <summary>The signature over PCR0, or null.</summary>
    public EifSignature? Signature { get; init; }

    /// <summary>PCR0, PCR1, PCR2, and PCR8 if it is signed.</summary>
    public EifMeasurements Measure()
    {
        var (pcr0, pcr1, pcr2) = PcrMath.OfImage(Kernel, CommandLine, Ramdisks);
        return new EifMeasurements(pcr0, pcr1, pcr2, Signature is null ? null : (ReadOnlyMemory<byte>?)Signature.Pcr8());
    }

    /// <summary>The same image, signed.</summary>
    /// <param name="certificate">A certificate of a P-384 key; PCR8 measures it.</param>
    /// <param name="key">Its private key.</param>
    /// <exception cref="ImageException">They do not belong together, or are of another curve.</exception>
    public EifImage Sign(X509Certificate2 certificate, System.Security.Cryptography.ECDsa key) =>
        this with { Signature = EifSignature.Create(PcrMath.OfImage(Kernel, CommandLine, Ramdisks).Pcr0, certificate, key) };
}
