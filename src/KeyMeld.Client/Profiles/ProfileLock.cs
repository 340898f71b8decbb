using KeyMeld.Protocol.Errors;

namespace KeyMeld.Client;

/// <summary>
/// Held while a file of the profile is read, changed and written, so that two processes (or threads) lose nothing of each other's. The system frees it when a process dies.
/// </summary>
internal sealed class ProfileLock : IDisposable
{
    private const int Tries = 1500;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);
    private readonly FileStream _file;

    private ProfileLock(FileStream file) => _file = file;

    public static ProfileLock Acquire(string folder)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            Share = FileShare.None,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            BufferSize = 0,
        };
        var path = Path.Combine(folder, ProfileLayout.Lock);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return new ProfileLock(new FileStream(path, options));
            }
            catch (IOException error) when (error is not (DirectoryNotFoundException or FileNotFoundException))
            {
                if (attempt == Tries)
                {
                    throw new KeyMeldException(ErrorCodes.ProfileInvalid, $"Another process has held the profile '{folder}' for 30 seconds; end it, or check that '{path}' can be written.", error);
                }
                Thread.Sleep(Pause);
            }
        }
    }

    public void Dispose() => _file.Dispose();
}
