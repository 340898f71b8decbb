using System.Runtime.InteropServices;
using System.Text;

namespace KeyMeld.Client;

/// <summary>Files that are either the old or the new one, whatever happens in between. Writers hold the profile's lock.</summary>
internal static class AtomicFile
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        var fresh = path + ".new";
        File.Delete(fresh);
        using (var file = new FileStream(fresh, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = Private, BufferSize = 0 }))
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
        }
        File.Move(fresh, path, overwrite: true);
        SyncFolder(Path.GetDirectoryName(path)!);
    }

    public static void Delete(string path)
    {
        File.Delete(path);
        SyncFolder(Path.GetDirectoryName(path)!);
    }

    /// <summary>Without it a power cut can undo the rename. .NET does not open folders, hence open(2) and fsync(2).</summary>
    private static void SyncFolder(string folder)
    {
        var descriptor = Posix.open(Encoding.UTF8.GetBytes(folder + '\0'), 0);
        if (descriptor < 0)
        {
            throw new IOException($"The folder '{folder}' cannot be opened: {Marshal.GetLastPInvokeErrorMessage()}");
        }
        var result = Posix.fsync(descriptor);
        _ = Posix.close(descriptor);
        // Some file systems have nothing to sync for a folder and say EINVAL.
        if (result != 0 && Marshal.GetLastPInvokeError() != 22)
        {
            throw new IOException($"The folder '{folder}' cannot be synced: {Marshal.GetLastPInvokeErrorMessage()}");
        }
    }

    private static class Posix
    {
#pragma warning disable SYSLIB1054, CA5392 // blittable signatures need no generated marshalling, which would need unsafe code in this project
        [DllImport("libc", SetLastError = true)]
        public static extern int open(byte[] path, int flags);

        [DllImport("libc", SetLastError = true)]
        public static extern int fsync(int descriptor);

        [DllImport("libc")]
        public static extern int close(int descriptor);
#pragma warning restore SYSLIB1054, CA5392
    }
}
