using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using KeyMeld.Images;
using KeyMeld.Images.Eif;
using KeyMeld.Images.Rootfs;
using static KeyMeld.Fuzz.PropertyException;

namespace KeyMeld.Fuzz.Targets;

/// <summary>Enclave images, with their CRC as it comes and put right, their signature section, and lists of ramdisks.</summary>
internal static class ImageTargets
{
    private static readonly Lazy<EifImage> Signed = new(MakeSigned);

    public static IEnumerable<FuzzTarget> All { get; } =
    [
        FuzzTarget.Of<ImageException>("eif", Images, Image),
        FuzzTarget.Of<ImageException>("eif-crc-right", Images, input => Image(Repaired(input))),
        FuzzTarget.Of<ImageException>("eif-signature", () => [Signed.Value.Signature!.ToBytes().ToArray()], Signature),
        FuzzTarget.Of<ImageException>("ramdisk-list", () => ["dir /dev 0755 0 0\nnod /dev/console 0600 0 0 c 5 1\nfile /init init 0555 0 0\nslink /a init 0777 1 2 # x\n"u8.ToArray()], Ramdisk),
    ];

    private static IEnumerable<byte[]> Images() => Source.Files("eif", "*.eif").Append(EifWriter.Write(Signed.Value));

    private static void Image(byte[] input)
    {
        var image = EifReader.Read(input);
        _ = image.Measure();
        RequireEqual(input, EifWriter.Write(image), "an accepted image is written back to the byte");
    }

    private static byte[] Repaired(byte[] input)
    {
        if (input.Length < EifLayout.HeaderSize)
        {
            return input;
        }
        var copy = (byte[])input.Clone();
        BinaryPrimitives.WriteUInt32BigEndian(copy.AsSpan(EifLayout.CrcOffset), Crc32.Of(copy.AsMemory(0, EifLayout.CrcOffset), copy.AsMemory(EifLayout.HeaderSize)));
        return copy;
    }

    private static void Signature(byte[] input)
    {
        using var certificate = EifSignature.Parse(input, Signed.Value.Measure().Pcr0.Span).Certificate;
        // Whoever has the key can write any certificate of it; PCR8 measures the one that is there.
        RequireEqual(Signed.Value.Signature!.Certificate.GetPublicKey(), certificate.GetPublicKey(), "only the key that signed verifies");
    }

    private static void Ramdisk(byte[] input)
    {
        var lines = System.Text.Encoding.UTF8.GetString(input).Split('\n');
        var entries = FileList.Parse(lines, name => System.Text.Encoding.UTF8.GetBytes(name));
        RequireEqual(CpioArchive.Write(entries), CpioArchive.Write(Enumerable.Reverse(entries)), "order of a list changes no ramdisk");
    }

    private static EifImage MakeSigned()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using var certificate = new CertificateRequest("CN=fuzz", key, HashAlgorithmName.SHA384).CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
        return EifReader.Read(Source.File("eif", "base.eif")).Sign(certificate, key);
    }
}
