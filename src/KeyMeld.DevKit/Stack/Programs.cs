using System.Runtime.InteropServices;

namespace KeyMeld.DevKit.Stack;

/// <summary>Where the programs of the stack lie: beside each other under artifacts/bin, as the build leaves them, in the tool's package, or under the folder that KEYMELD_PROGRAMS names.</summary>
public static class Programs
{
    /// <summary>The executable of a project, for example <c>KeyMeld.Enclave</c>.</summary>
    /// <exception cref="FileNotFoundException">It is not built.</exception>
    public static string Find(string project)
    {
        var configuration = Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        string[] candidates =
        [
            .. Environment.GetEnvironmentVariable("KEYMELD_PROGRAMS") is { Length: > 0 } folder ? [Path.Combine(folder, project, project)] : Array.Empty<string>(),
            Path.Combine(AppContext.BaseDirectory, "..", "..", project, configuration, project),
            Path.Combine(AppContext.BaseDirectory, "..", project, project),
            Path.Combine(AppContext.BaseDirectory, "programs", project, project),
        ];
        return candidates.Select(Path.GetFullPath).FirstOrDefault(File.Exists)
            ?? throw new FileNotFoundException($"{project} is not built: run ./keymeld once, or `dotnet build`. Looked at {string.Join(", ", candidates.Select(Path.GetFullPath))}");
    }

    /// <summary>The folder of the .NET installation this process runs on, for the children's DOTNET_ROOT.</summary>
    public static string DotnetRoot { get; } = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
}
