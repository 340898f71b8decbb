namespace KeyMeld.DevKit.Kms.Keys;

/// <summary>Files that only their owner may read (0600).</summary>
internal static class PrivateFile
{
    public static FileStreamOptions Writing(FileMode mode)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.Write, Share = FileShare.Read };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return options;
    }
}
