// execve(2): the program starts itself anew with an empty environment. Only so can the runtime's diagnostics be switched off in a build with a JIT (there is
// no setting for it in runtimeconfig.json), and only so does no native library find a proxy, a trust store or a profile either.
using System.Runtime.InteropServices;
using System.Text;

namespace KeyMeld.Enclave.Configuration;

internal static unsafe partial class CleanStart
{
    private const string Marker = "KEYMELD_CLEAN_START";
    private const string DiagnosticsOff = "DOTNET_EnableDiagnostics=0";

    /// <summary>Returns in a process that was started clean; elsewhere the process goes on as a new program, with the same id, arguments and files.</summary>
    /// <exception cref="ConfigurationException">The program could not be started anew, or somebody else set the mark of a clean start.</exception>
    public static void Ensure()
    {
        var variables = ProcessEnvironment.Variables();
        if (variables.Any(variable => variable.Key == Marker))
        {
            RequireClean(variables);
            return;
        }
        List<string> environment = [Marker + "=1", DiagnosticsOff, .. variables.Where(IsRuntimePlace).Select(variable => $"{variable.Key}={variable.Value}")];
        RemoveDiagnosticsFiles();
        var arguments = Encoding.UTF8.GetString(File.ReadAllBytes("/proc/self/cmdline")).Split('\0')[..^1];
        Execute("/proc/self/exe", ToVector(arguments), ToVector(environment));
        throw new ConfigurationException([$"The enclave could not be started with a clean environment (errno {Marshal.GetLastPInvokeError()})."]);
    }

    // With the mark set from outside, diagnostics would stay on and libraries would find what this start is there to drop.
    private static void RequireClean(IReadOnlyList<KeyValuePair<string, string?>> variables)
    {
        var others = variables.Where(variable => !IsRuntimePlace(variable) && variable.Key != Marker).Select(variable => $"{variable.Key}={variable.Value}");
        if (!others.SequenceEqual([DiagnosticsOff], StringComparer.Ordinal))
        {
            throw new ConfigurationException([$"The environment variable {Marker} is the enclave's own; it must not be set for it."]);
        }
    }

    // Where the runtime is: nothing else tells a program that was not published with one.
    private static bool IsRuntimePlace(KeyValuePair<string, string?> variable) => variable.Key.StartsWith("DOTNET_ROOT", StringComparison.Ordinal);

    // What the first start of a build with a JIT opened for debuggers and tracers; nobody answers there any more.
    private static void RemoveDiagnosticsFiles()
    {
        foreach (var file in DiagnosticsFiles())
        {
            File.Delete(file);
        }
    }

    /// <summary>
    /// The files by which the runtime lets debuggers and tracers at this process. The number of a process comes again, and what an earlier one of that number left may be another user's: besides the number
    /// the runtime names the time the process started at, in ticks since the machine's start (field 22 of proc(5), /proc/PID/stat).
    /// </summary>
    internal static IEnumerable<string> DiagnosticsFiles()
    {
        var stat = File.ReadAllText("/proc/self/stat");
        var started = stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[19];
        string[] kinds = ["dotnet-diagnostic", "clr-debug-pipe"];
        return kinds.SelectMany(kind => Directory.EnumerateFiles(Path.GetTempPath(), $"{kind}-{Environment.ProcessId}-{started}-*"));
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
