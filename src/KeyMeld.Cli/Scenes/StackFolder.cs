using KeyMeld.DevKit.Stack;

namespace KeyMeld.Cli.Scenes;

/// <summary>A data folder that is started afresh.</summary>
internal static class StackFolder
{
    /// <summary>Deletes what an earlier run left. A folder that no stack made is not touched.</summary>
    /// <exception cref="StackException">The folder holds something else.</exception>
    public static void Empty(string folder)
    {
        if (!Directory.Exists(folder) || !Directory.EnumerateFileSystemEntries(folder).Any())
        {
            return;
        }
        if (!File.Exists(Path.Combine(folder, ".lock")))
        {
            throw new StackException($"{folder} holds something that is not KeyMeld's; give another folder with --data.", "stack");
        }
        var layout = new StackLayout(folder);
        if (Directory.Exists(layout.Run))
        {
            layout.StopOrphans();
        }
        Directory.Delete(folder, recursive: true);
    }
}
