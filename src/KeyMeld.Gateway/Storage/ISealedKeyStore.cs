using System.Collections.Immutable;
using KeyMeld.Wire.V1;

namespace KeyMeld.Gateway.Storage;

/// <summary>The enclaves' sealed identity keys (protocol.md section 4): one row for each epoch, whose key never changes.</summary>
internal interface ISealedKeyStore
{
    /// <summary>Every epoch of one enclave, oldest first.</summary>
    /// <exception cref="Protocol.Errors.KeyMeldException">storage_failed: they cannot be read, or a row is not what this program writes.</exception>
    ValueTask<SealedKeys> ReadAsync(uint enclaveId);

    /// <summary>Adds the first key of an enclave.</summary>
    /// <returns>False where this database has, or ever had, another key for it: then nothing is changed.</returns>
    Task<bool> AddFirstAsync(SealedKeyRow row);

    /// <summary>Adds the key of the next epoch; the newest so far becomes a retired one, in the same transaction.</summary>
    /// <param name="newest">The row that is expected to be the newest, byte for byte.</param>
    /// <param name="next">The row of the epoch after it.</param>
    /// <returns>False where another row is the newest: then nothing is changed. True also where <paramref name="next"/> stands already.</returns>
    Task<bool> AddNextAsync(SealedKeyRow newest, SealedKeyRow next);

    /// <summary>Replaces the ciphertexts of every epoch by others of the same keys, all or none.</summary>
    /// <param name="standing">Every row that is expected to stand, oldest first, byte for byte.</param>
    /// <param name="rewrapped">As many, of the same enclave, epochs and public keys.</param>
    /// <returns>False where other rows stand: then nothing is changed. True also where <paramref name="rewrapped"/> stands already.</returns>
    Task<bool> ReplaceAsync(ImmutableArray<SealedKeyRow> standing, ImmutableArray<SealedKeyRow> rewrapped);
}

/// <param name="EverHadOne">Whether a first key may be made: a key that is missing now is a loss, not a new enclave.</param>
internal sealed record SealedKeys(ImmutableArray<SealedKeyRow> Rows, bool EverHadOne);
