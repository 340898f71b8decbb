namespace KeyMeld.Gateway.Storage;

/// <summary>Which calls were made already.</summary>
internal interface IReplayStore
{
    /// <summary>Uses a nonce of a key up, durably and atomically.</summary>
    /// <param name="key">Whose.</param>
    /// <param name="nonce">Which.</param>
    /// <param name="forgetAfter">Until when it is remembered. By the clock of the store: one for all gateways, so that what is forgotten is taken by none of them again.</param>
    /// <returns>False when it was used before, or is forgotten.</returns>
    Task<bool> TryUseAsync(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> nonce, DateTimeOffset forgetAfter);
}
