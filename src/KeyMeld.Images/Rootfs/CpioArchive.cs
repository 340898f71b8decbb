// The "newc" cpio format, as Linux unpacks it into its first root file system (Documentation/driver-api/early-userspace/buffer-format.rst).
using System.Globalization;
using System.Text;

namespace KeyMeld.Images.Rootfs;

/// <summary>Writes ramdisks. Equal entries give equal bytes: sorted by path, time zero, inodes counted from one, no names of users.</summary>
public static class CpioArchive
{
    private const int MaxPath = 4095;
    private const int FolderType = 0x4000, FileType = 0x8000, LinkType = 0xA000, BlockType = 0x6000, CharacterType = 0x2000;
    private const string Trailer = "TRAILER!!!";

    // As cpio pads, so that archives can stand one behind the other.
    private const int Block = 512;

    /// <summary>The archive.</summary>
    /// <param name="entries">In any order; every folder that something lies in is among them.</param>
    /// <exception cref="ImageException">A path is malformed, is there twice, or lies in no folder.</exception>
    public static byte[] Write(IEnumerable<RootEntry> entries)
    {
        var sorted = entries.OrderBy(entry => entry.Path, StringComparer.Ordinal).ToList();
        RequireTree(sorted);
        using var archive = new MemoryStream();
        for (var i = 0; i < sorted.Count; i++)
        {
            Write(archive, sorted[i], inode: i + 1);
        }
        Write(archive, Trailer, new Fields(0, 0, 0, 0, 1, 0, 0), default);
        Pad(archive, Block);
        return archive.ToArray();
    }

    private static void RequireTree(List<RootEntry> entries)
    {
        HashSet<string> paths = [], folders = [""];
        // Sorted by path, a folder comes before what lies in it.
        foreach (var entry in entries)
        {
            var parts = entry.Path.Split('/');
            if (parts is not ["", _, ..] || parts.Skip(1).Any(part => part is "" or "." or "..") || Encoding.UTF8.GetByteCount(entry.Path) > MaxPath
                || entry.Path.Contains('\0', StringComparison.Ordinal) || entry.Path[1..] == Trailer)
            {
                throw new ImageException($"{entry.Path} is not an absolute path without dots.");
            }
            if (!paths.Add(entry.Path))
            {
                throw new ImageException($"{entry.Path} is there twice.");
            }
            if (!folders.Contains(entry.Path[..entry.Path.LastIndexOf('/')]))
            {
                throw new ImageException($"{entry.Path} lies in a folder that is not listed.");
            }
            if (entry.Mode is < 0 or > 0xFFF || entry.Owner < 0 || entry.Group < 0)
            {
                throw new ImageException($"{entry.Path} has a mode over 07777, or a negative owner or group.");
            }
            if (entry is RootEntry.Folder)
            {
                folders.Add(entry.Path);
            }
        }
    }

    private static void Write(MemoryStream archive, RootEntry entry, int inode)
    {
        var (type, links, major, minor, content) = entry switch
        {
            RootEntry.Folder => (FolderType, 2, 0, 0, default(ReadOnlyMemory<byte>)),
            RootEntry.Regular file => (FileType, 1, 0, 0, file.Content),
            RootEntry.Link link => (LinkType, 1, 0, 0, Encoding.UTF8.GetBytes(link.Target)),
            RootEntry.Device device => (device.IsBlock ? BlockType : CharacterType, 1, device.Major, device.Minor, default),
            _ => throw new NotSupportedException(entry.GetType().Name),
        };
        Write(archive, entry.Path[1..], new Fields(inode, type | entry.Mode, entry.Owner, entry.Group, links, major, minor), content.Span);
    }

    private static void Write(MemoryStream archive, string name, Fields fields, ReadOnlySpan<byte> content)
    {
        var path = Encoding.UTF8.GetBytes(name);
        var header = new StringBuilder("070701");
        foreach (var value in (ReadOnlySpan<int>)[fields.Inode, fields.Mode, fields.Owner, fields.Group, fields.Links, 0, content.Length, 0, 0, fields.Major, fields.Minor, path.Length + 1, 0])
        {
            header.Append(CultureInfo.InvariantCulture, $"{value:x8}");
        }
        archive.Write(Encoding.ASCII.GetBytes(header.ToString()));
        archive.Write(path);
        archive.WriteByte(0);
        Pad(archive, 4);
        archive.Write(content);
        Pad(archive, 4);
    }

    private static void Pad(MemoryStream archive, int unit)
    {
        while (archive.Length % unit != 0)
        {
            archive.WriteByte(0);
        }
    }

    private readonly record struct Fields(int Inode, int Mode, int Owner, int Group, int Links, int Major, int Minor);
}
