using System.Runtime.InteropServices;

namespace KeyMeld.Secp256k1.Memory;

/// <summary>The Linux calls behind locked memory and kernel randomness (mmap(2), mlock(2), madvise(2), getrandom(2)).</summary>
internal static unsafe partial class Libc
{
    public const int PROT_NONE = 0;
    public const int PROT_READ = 1;
    public const int PROT_WRITE = 2;
    public const int MAP_PRIVATE = 2;
    public const int MAP_ANONYMOUS = 32;
    public const int MADV_DONTDUMP = 16;
    public const int MADV_WIPEONFORK = 18;
    public const int RLIMIT_MEMLOCK = 8;
    public const int EINTR = 4;

    private const string Library = "libc";

    [LibraryImport(Library, SetLastError = true)]
    internal static partial void* mmap(void* address, nuint length, int protection, int flags, int fd, nint offset);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int munmap(void* address, nuint length);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int mprotect(void* address, nuint length, int protection);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int mlock(void* address, nuint length);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int madvise(void* address, nuint length, int advice);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int getrlimit(int resource, out ResourceLimit limit);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int setrlimit(int resource, in ResourceLimit limit);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint getrandom(byte* buffer, nuint length, uint flags);

    /// <summary>struct rlimit, in bytes.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct ResourceLimit
    {
        public ulong Current;
        public ulong Maximum;
    }
}
