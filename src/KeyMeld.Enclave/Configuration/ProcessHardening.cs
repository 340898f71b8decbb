// What lies in memory stays there: no core dumps, no debugger. prctl(2), getrlimit(2).
using System.Runtime.InteropServices;

namespace KeyMeld.Enclave.Configuration;

internal static partial class ProcessHardening
{
    private const int SetDumpable = 4;
    private const int ResourceCore = 4;

    /// <exception cref="ConfigurationException">The system refused.</exception>
    public static void Apply()
    {
        if (Prctl(SetDumpable, 0, 0, 0, 0) != 0 || SetLimit(ResourceCore, default) != 0)
        {
            throw new ConfigurationException([$"Core dumps could not be switched off (errno {Marshal.GetLastPInvokeError()})."]);
        }
    }

    [LibraryImport("libc", EntryPoint = "prctl", SetLastError = true)]
    private static partial int Prctl(int option, nuint a, nuint b, nuint c, nuint d);

    [LibraryImport("libc", EntryPoint = "setrlimit", SetLastError = true)]
    private static partial int SetLimit(int resource, in ResourceLimit limit);

    private struct ResourceLimit
    {
        public nuint Soft;
        public nuint Hard;
    }
}
