// The list format of the Linux kernel's usr/gen_init_cpio.c, without its hard links, pipes and variables.
using System.Globalization;

namespace KeyMeld.Images.Rootfs;

/// <summary>
/// Reads what a ramdisk shall hold, a line each, <c>#</c> for comments: <c>dir NAME MODE UID GID</c>, <c>file NAME SOURCE MODE UID GID</c>,
/// <c>slink NAME TARGET MODE UID GID</c>, <c>nod NAME MODE UID GID c|b MAJOR MINOR</c>; modes are octal, sources lie relative to the list. Names have no spaces.
/// </summary>
public static class FileList
{
    /// <summary>Reads a list and the files it names.</summary>
    /// <param name="path">The list.</param>
    /// <exception cref="ImageException">A line is not of these forms, or its file cannot be read.</exception>
    public static IReadOnlyList<RootEntry> Read(string path)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        try
        {
            return Parse(File.ReadAllLines(path), source => File.ReadAllBytes(Path.Combine(folder, source)));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ImageException(error.Message, error);
        }
    }

    internal static List<RootEntry> Parse(IReadOnlyList<string> lines, Func<string, byte[]> read)
    {
        List<RootEntry> entries = [];
        for (var i = 0; i < lines.Count; i++)
        {
            var words = lines[i].Split('#')[0].Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            if (words.Length > 0)
            {
                entries.Add(Entry(words, read) ?? throw new ImageException($"Line {i + 1} of the list is none of dir, file, slink and nod with their fields: {lines[i]}"));
            }
        }
        return entries;
    }

    private static RootEntry? Entry(string[] words, Func<string, byte[]> read) => words switch
    {
        ["dir", var name, var mode, var owner, var group] when Rights(mode, owner, group) is { } rights => new RootEntry.Folder(name, rights.Mode, rights.Owner, rights.Group),
        ["file", var name, var source, var mode, var owner, var group] when Rights(mode, owner, group) is { } rights =>
            new RootEntry.Regular(name, read(source), rights.Mode, rights.Owner, rights.Group),
        ["slink", var name, var target, var mode, var owner, var group] when Rights(mode, owner, group) is { } rights =>
            new RootEntry.Link(name, target, rights.Mode, rights.Owner, rights.Group),
        ["nod", var name, var mode, var owner, var group, ("c" or "b") and var type, var major, var minor]
            when Rights(mode, owner, group) is { } rights && Number(major) is { } first && Number(minor) is { } second =>
            new RootEntry.Device(name, type == "b", first, second, rights.Mode, rights.Owner, rights.Group),
        _ => null,
    };

    private static (int Mode, int Owner, int Group)? Rights(string mode, string owner, string group)
    {
        if (mode.Length is 0 or > 5 || mode.Any(digit => digit is < '0' or > '7') || Number(owner) is not { } user || Number(group) is not { } users)
        {
            return null;
        }
        return (Convert.ToInt32(mode, 8), user, users);
    }

    private static int? Number(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
