using System.Collections.Immutable;
using KeyMeld.Wire.V1;

namespace KeyMeld.Gateway.Storage;

/// <summary>The enclaves' sealed identity keys (protocol.md section 4): rows are added, never changed.</summary>
internal interface ISealedKeyStore
{
    /// <summary>Every epoch of one enclave, oldest first.</summary>
    /// <exception cref="Protocol.Errors.KeyMeldException">storage_failed: they cannot be read, or a row is not what this program writes.</exception>
    SealedKeys Read(uint enclaveId);

    /// <summary>Adds the first key of an enclave.</summary>
    /// <returns>False where this database has, or ever had, another key for it: then nothing is changed.</returns>
    Task<bool> AddFirstAsync(SealedKeyRow row);
}

/// <param name="EverHadOne">Whether a first key may be made: a key that is missing now is a loss, not a new enclave.</param>
internal sealed record SealedKeys(ImmutableArray<SealedKeyRow> Rows, bool EverHadOne);
