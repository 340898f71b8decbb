using KeyMeld.Protocol.Errors;

namespace KeyMeld.Cli.Commands.Signings;

/// <summary>One co-signer for a profile at a time: two would take each other's attempts away. Held while the file is open, so that a crash leaves nothing behind.</summary>
internal static class CoSignLock
{
    /// <exception cref="KeyMeldException"><c>conflict</c>.</exception>
    public static IDisposable Take(string folder)
    {
        try
        {
            return new FileStream(Path.Combine(folder, "cosign.lock"), new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.ReadWrite,
                Share = FileShare.None,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
        }
        catch (IOException error)
        {
            throw new KeyMeldException(ErrorCodes.Conflict, "Another `keymeld cosign` runs for this profile.", error);
        }
    }
}
