// execve(2): the program starts itself anew with an empty environment. Only so can the runtime's diagnostics be switched off in a build with a JIT (there is
// no setting for it in runtimeconfig.json), and only so does no native library find a proxy, a trust store or a profile either.
using System.Runtime.InteropServices;
using System.Text;

namespace KeyMeld.Enclave.Configuration;

internal static unsafe partial class CleanStart
{
    private const string Marker = "KEYMELD_CLEAN_START";

    /// <summary>Returns in a process that was started clean; elsewhere the process goes on as a new program, with the same id, arguments and files.</summary>
    /// <exception cref="ConfigurationException">The program could not be started anew.</exception>
    public static void Ensure()
    {
        if (Environment.GetEnvironmentVariable(Marker) is not null)
        {
            return;
        }
        // Where the runtime is: nothing else tells a program that was not published with one.
        List<string> environment =
        [
            Marker + "=1", "DOTNET_EnableDiagnostics=0",
            .. ProcessEnvironment.Variables().Where(variable => variable.Key.StartsWith("DOTNET_ROOT", StringComparison.Ordinal))
                .Select(variable => $"{variable.Key}={variable.Value}"),
        ];
        RemoveDiagnosticsFiles();
        var arguments = Encoding.UTF8.GetString(File.ReadAllBytes("/proc/self/cmdline")).Split('\0')[..^1];
        Execute("/proc/self/exe", ToVector(arguments), ToVector(environment));
        throw new ConfigurationException([$"The enclave could not be started with a clean environment (errno {Marshal.GetLastPInvokeError()})."]);
    }

    // What the first start of a build with a JIT opened for debuggers and tracers; nobody answers there any more.
    private static void RemoveDiagnosticsFiles()
    {
        foreach (var pattern in new[] { $"dotnet-diagnostic-{Environment.ProcessId}-*", $"clr-debug-pipe-{Environment.ProcessId}-*" })
        {
            foreach (var file in Directory.EnumerateFiles(Path.GetTempPath(), pattern))
            {
                File.Delete(file);
            }
        }
    }

    private static byte** ToVector(IReadOnlyList<string> texts)
    {
        var vector = (byte**)NativeMemory.AllocZeroed((nuint)(texts.Count + 1), (nuint)sizeof(byte*));
        for (var i = 0; i < texts.Count; i++)
        {
            vector[i] = (byte*)Marshal.StringToCoTaskMemUTF8(texts[i]);
        }
        return vector;
    }

    [LibraryImport("libc", EntryPoint = "execve", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Execute(string path, byte** arguments, byte** environment);
}
