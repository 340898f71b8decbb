using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using KeyMeld.Attestation;

namespace KeyMeld.DevKit.Nsm;

/// <summary>
/// PCR0, PCR1 and PCR2 of a development enclave, as lower-case hex. There is no image to measure, so its two parts stand for it:
/// <code>
/// folder = u32 number of files ‖ for each file, sorted by the bytes of its path: u32 length ‖ path ‖ u64 length ‖ content
/// PCR1 = measure(folder)   PCR2 = measure(configuration file)   PCR0 = measure(folder ‖ configuration file)
/// </code>
/// with paths relative to the folder, in UTF-8 with '/', measure(x) = SHA-384(0^48 ‖ SHA-384(x)) and big-endian lengths.
/// Real PCRs are those of an image file; see <see cref="PcrMath.OfImage"/>.
/// </summary>
public sealed record Measurement(string Pcr0, string Pcr1, string Pcr2)
{
    private static readonly EnumerationOptions AllFiles = new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None };

    /// <summary>Measures what is on disk now.</summary>
    /// <param name="binaryFolder">The folder the enclave's program runs from, with everything below it.</param>
    /// <param name="configurationFile">The enclave's configuration file.</param>
    /// <exception cref="IOException">Something is missing, or the folder holds a symbolic link, whose target would not be measured.</exception>
    public static Measurement Of(string binaryFolder, string configurationFile)
    {
        using var folder = IncrementalHash.CreateHash(HashAlgorithmName.SHA384);
        using var image = IncrementalHash.CreateHash(HashAlgorithmName.SHA384);
        AppendFolder(binaryFolder, [folder, image]);
        var configuration = File.ReadAllBytes(configurationFile);
        image.AppendData(configuration);
        return new Measurement(
            Convert.ToHexStringLower(PcrMath.OfDigest(image.GetHashAndReset())),
            Convert.ToHexStringLower(PcrMath.OfDigest(folder.GetHashAndReset())),
            Convert.ToHexStringLower(PcrMath.OfContent(configuration)));
    }

    /// <summary>The release a policy names to trust exactly this measurement with that KMS key.</summary>
    /// <param name="kmsKeyArn">The KMS key's ARN.</param>
    public Release ToRelease(string kmsKeyArn) => new(Pcr0, Pcr1, Pcr2, kmsKeyArn);

    private static void AppendFolder(string folder, IncrementalHash[] hashes)
    {
        var files = Files(folder);
        Append(hashes, Number32(files.Count));
        foreach (var (path, name) in files)
        {
            Append(hashes, Number32(name.Length));
            Append(hashes, name);
            AppendFile(path, hashes);
        }
    }

    private static List<(string Path, byte[] Name)> Files(string folder)
    {
        List<(string Path, byte[] Name)> files = [];
        foreach (var entry in new DirectoryInfo(folder).EnumerateFileSystemInfos("*", AllFiles))
        {
            if (entry.LinkTarget is not null)
            {
                throw new IOException($"{entry.FullName} is a symbolic link; an enclave's folder is measured without any.");
            }
            if (entry is FileInfo)
            {
                files.Add((entry.FullName, Encoding.UTF8.GetBytes(Path.GetRelativePath(folder, entry.FullName))));
            }
        }
        files.Sort((left, right) => left.Name.AsSpan().SequenceCompareTo(right.Name));
        return files;
    }

    private static void AppendFile(string path, IncrementalHash[] hashes)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
        var length = file.Length;
        var number = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteInt64BigEndian(number, length);
        Append(hashes, number);
        var buffer = new byte[128 * 1024];
        for (int read; (read = file.Read(buffer)) > 0; length -= read)
        {
            Append(hashes, buffer.AsSpan(0, read));
        }
        if (length != 0)
        {
            throw new IOException($"{path} changed while it was measured.");
        }
    }

    private static byte[] Number32(int value)
    {
        var bytes = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }

    private static void Append(IncrementalHash[] hashes, ReadOnlySpan<byte> data)
    {
        foreach (var hash in hashes)
        {
            hash.AppendData(data);
        }
    }
}
