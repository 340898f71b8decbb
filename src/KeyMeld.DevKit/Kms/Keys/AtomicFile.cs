using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace KeyMeld.DevKit.Kms.Keys;

/// <summary>Writes a private file (0600) so that a reader, or a crash at any point, finds the old or the new content and never a part.</summary>
internal static partial class AtomicFile
{
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        var temporary = path + ".tmp";
        File.Delete(temporary);
        using (var file = new FileStream(temporary, PrivateFile.Writing(FileMode.CreateNew)))
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
        }
        File.Move(temporary, path, overwrite: true);
        SyncDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }

    // A rename is durable only once its directory is; the base class library opens no directories.
    private static void SyncDirectory(string directory)
    {
        const int readOnlyDirectory = 0x10000 | 0x80000; // O_DIRECTORY | O_CLOEXEC
        using var handle = new SafeFileHandle(Open(directory, readOnlyDirectory), ownsHandle: true);
        if (handle.IsInvalid)
            throw new IOException($"Cannot open the folder {directory} to make a rename in it durable (errno {Marshal.GetLastPInvokeError()}).");
        RandomAccess.FlushToDisk(handle);
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint Open(string path, int flags);
}
