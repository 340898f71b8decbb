using KeyMeld.Protocol.Errors;

namespace KeyMeld.Gateway.Operations;

/// <summary>Writes what must not be lost to a database that is away for a moment.</summary>
internal static class Persistence
{
    private const int MaxTries = 12;

    /// <exception cref="KeyMeldException">storage_failed: it stayed away. The next start takes the object up where the database left it.</exception>
    public static async Task<T> PersistAsync<T>(Func<Task<T>> write, TimeProvider time, CancellationToken cancellationToken)
    {
        for (var tries = 0; ; tries++)
        {
            try
            {
                return await write();
            }
            catch (KeyMeldException exception) when (exception.Code == ErrorCodes.StorageFailed && tries < MaxTries)
            {
                await Task.Delay(Backoff.After(tries + 1), time, cancellationToken);
            }
        }
    }
}
