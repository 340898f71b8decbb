// protocol.md section 5: receipt = TH("KeyMeld/v1/loaded", CBOR [ρ, enclave index, K]) by the enclave's statement key.
using KeyMeld.Protocol.Encoding;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Groups;

/// <summary>An enclave's word that it loaded the complete roster, opened every envelope it hosts, and computed these output keys.</summary>
/// <param name="Enclave">Index of the enclave in the manifest.</param>
/// <param name="Signature">By its statement key.</param>
public sealed record Receipt(int Enclave, SchnorrSignature Signature)
{
    /// <summary>What an enclave signs.</summary>
    /// <param name="roster">ρ.</param>
    /// <param name="enclave">Index of the enclave.</param>
    /// <param name="outputKeys">K.</param>
    public static Hash32 Digest(Hash32 roster, int enclave, Hash32 outputKeys) =>
        Hash32.Tagged("KeyMeld/v1/loaded", new CborEncoder().Array(3).Hash(roster).Number(enclave).Hash(outputKeys).Written);

    /// <summary>Signs at the enclave.</summary>
    public static Receipt Sign(Roster roster, int enclave, SecretKey statementKey) =>
        new(enclave, statementKey.SignSchnorr(Digest(roster.RosterHash, enclave, roster.OutputKeysHash).Bytes));

    /// <summary>Requires one valid receipt of every enclave of the manifest.</summary>
    /// <exception cref="KeyMeldException"><c>receipt_invalid</c>.</exception>
    public static void VerifyAll(Roster roster, IReadOnlyList<Receipt> receipts)
    {
        var enclaves = roster.Manifest.Value.Enclaves;
        if (receipts.Count != enclaves.Count)
        {
            throw new KeyMeldException(ErrorCodes.ReceiptInvalid, $"There are {receipts.Count} receipts of {enclaves.Count} enclaves.");
        }
        for (var i = 0; i < enclaves.Count; i++)
        {
            var digest = Digest(roster.RosterHash, i, roster.OutputKeysHash);
            // As many receipts as enclaves, one of each: then there is no other.
            if (receipts.FirstOrDefault(receipt => receipt.Enclave == i) is not { } own || !enclaves[i].Sign.Verify(digest.Bytes, own.Signature))
            {
                throw new KeyMeldException(ErrorCodes.ReceiptInvalid, $"Enclave {i} did not confirm this roster and these keys.");
            }
        }
    }
}
