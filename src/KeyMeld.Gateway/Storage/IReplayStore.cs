namespace KeyMeld.Gateway.Storage;

/// <summary>Which calls were made already.</summary>
internal interface IReplayStore
{
    /// <summary>Uses a nonce of a key up, durably and atomically.</summary>
    /// <returns>False when it was used before.</returns>
    Task<bool> TryUseAsync(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> nonce, DateTimeOffset forgetAfter);
}
