using KeyMeld.DevKit.Stack;

namespace KeyMeld.Tests.Enclave.Support;

/// <summary>The program the process tests run: the built one, or with KEYMELD_PROGRAMS the published one, as eng/published.sh runs them again.</summary>
internal static class EnclavePrograms
{
    public static string Enclave { get; } = Find();

    private static string Find()
    {
        var found = Programs.Find("KeyMeld.Enclave");
        if (Environment.GetEnvironmentVariable("KEYMELD_PROGRAMS") is { Length: > 0 } folder)
        {
            Assert.True(found.StartsWith(Path.GetFullPath(folder), StringComparison.Ordinal), $"KEYMELD_PROGRAMS is {folder}, and there is no enclave in it.");
        }
        return found;
    }
}
