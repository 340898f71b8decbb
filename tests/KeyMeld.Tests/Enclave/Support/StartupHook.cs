#pragma warning disable CA1050 // Startup hooks live in no namespace (docs.microsoft.com, host startup hook).
/// <summary>What somebody would put into a .NET program by DOTNET_STARTUP_HOOKS: it leaves a file where <see cref="Variable"/> says.</summary>
internal static class StartupHook
{
    public const string Variable = "KEYMELD_TEST_HOOK_WITNESS";

    public static void Initialize() => File.WriteAllText(Environment.GetEnvironmentVariable(Variable)!, "ran");
}
