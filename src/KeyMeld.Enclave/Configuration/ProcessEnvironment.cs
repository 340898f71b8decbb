// Attack K34: what is set in the environment can put code or an observer into a .NET process. The enclave reads nothing from there and refuses to run
// with any of these. (Startup hooks are also switched off in the build, see the project file: a hook would run before this check.)
using System.Collections;

namespace KeyMeld.Enclave.Configuration;

internal static class ProcessEnvironment
{
    /// <summary>Names, or with a trailing * beginnings of names, that an enclave does not start with. Compared without regard to case, as parts of the runtime do.</summary>
    private static readonly string[] Refused =
    [
        "DOTNET_STARTUP_HOOKS", "DOTNET_ADDITIONAL_DEPS", "DOTNET_SHARED_STORE",
        "CORECLR_*", "COR_*", "COMPlus_*", "DOTNET_ENABLE_PROFILING", "DOTNET_PROFILER*",
        "DOTNET_DiagnosticPorts", "DOTNET_DefaultDiagnosticPortSuspend", "DOTNET_EnableDiagnostics*", "DOTNET_EnableEventPipe", "DOTNET_EventPipe*",
        "DOTNET_DbgEnableMiniDump", "DOTNET_DbgMiniDump*", "DOTNET_CreateDump*", "DOTNET_EnableCrashReport*", "DOTNET_LTTng*", "DOTNET_PerfMap*",
        "DOTNET_AltJit*", "DOTNET_JitStdOutFile", "DOTNET_JitDisasm*", "DOTNET_ReadyToRun_*", "DOTNET_GCName", "DOTNET_GCPath",
        "DOTNET_SYSTEM_NET_*",
        "LD_PRELOAD", "LD_AUDIT", "LD_LIBRARY_PATH", "LD_DEBUG*", "LD_PROFILE*", "GLIBC_TUNABLES", "MALLOC_*",
        "OPENSSL_CONF", "OPENSSL_ENGINES", "OPENSSL_MODULES", "SSLKEYLOGFILE", "CLR_OPENSSL_VERSION_OVERRIDE", "CLR_ICU_VERSION_OVERRIDE",
    ];

    /// <summary>One sentence for each variable that must not be set. Switching the diagnostics off is welcome.</summary>
    public static IReadOnlyList<string> Complaints(IEnumerable<KeyValuePair<string, string?>> variables) =>
        [.. variables.Where(variable => IsRefused(variable.Key) && variable is not { Key: "DOTNET_EnableDiagnostics", Value: "0" })
            .Select(variable => $"The environment variable {variable.Key} must not be set for an enclave.").Order(StringComparer.Ordinal)];

    /// <summary>
    /// Empties this process's view of the environment, so that no library finds a credential, a proxy, an endpoint or a profile there.
    /// </summary>
    public static void Clear()
    {
        foreach (var (name, _) in Variables())
        {
            Environment.SetEnvironmentVariable(name, null);
        }
    }

    public static IReadOnlyList<KeyValuePair<string, string?>> Variables() =>
        [.. Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().Select(entry => KeyValuePair.Create((string)entry.Key, (string?)entry.Value))];

    private static bool IsRefused(string name) => Refused.Any(refused =>
        refused.EndsWith('*') ? name.StartsWith(refused[..^1], StringComparison.OrdinalIgnoreCase) : name.Equals(refused, StringComparison.OrdinalIgnoreCase));
}
