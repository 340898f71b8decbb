using System.Collections.Immutable;
using KeyMeld.Protocol.Errors;
using KeyMeld.Wire.V1;

namespace KeyMeld.Gateway.Fleet;

/// <summary>What an enclave answers is stored only when it is what was asked for. Whether it opens is the enclave's and KMS's affair.</summary>
internal static class NewRows
{
    private const int PublicKeyBytes = 33;

    /// <exception cref="KeyMeldException">kms_response_invalid: it is the record of something else.</exception>
    public static void RequireOf(SealedKeyRow row, uint id, uint epoch)
    {
        if (row.EnclaveId != id || row.KeyEpoch != epoch || row.PublicKey.Length != PublicKeyBytes || !HasCiphertext(row))
        {
            throw Unexpected("genesis");
        }
    }

    /// <exception cref="KeyMeldException">kms_response_invalid: they are not the same keys in the same order, or a ciphertext is missing that should be there.</exception>
    public static void RequireSameKeys(ImmutableArray<SealedKeyRow> standing, ImmutableArray<SealedKeyRow> rewrapped, bool dryRun)
    {
        var same = rewrapped.Length == standing.Length && rewrapped.Zip(standing).All(pair =>
            (pair.First.EnclaveId, pair.First.KeyEpoch, pair.First.PublicKey) == (pair.Second.EnclaveId, pair.Second.KeyEpoch, pair.Second.PublicKey)
            && (pair.First.Equals(pair.Second) || dryRun || HasCiphertext(pair.First)));
        if (!same)
        {
            throw Unexpected("rewrap");
        }
    }

    private static bool HasCiphertext(SealedKeyRow row) => !row.KmsEncryptedDek.IsEmpty && !row.EncryptedPrivateKey.IsEmpty && row.KmsKeyId.Length > 0;

    private static KeyMeldException Unexpected(string call) => new(ErrorCodes.KmsResponseInvalid, $"The enclave answered {call} with records of something else; nothing was stored.");
}
