// protocol.md sections 6 and 10: result, signed like a round blob by any enclave of the manifest; attempt and τ are taken from it. Every signature is verified again.
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Rounds;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Signing;

/// <summary>The result of a request, as enclaves make it and clients read it.</summary>
public static class SignedResult
{
    /// <summary>Encrypts and signs at the combining enclave.</summary>
    /// <param name="request">The request.</param>
    /// <param name="cipher">The group's cipher.</param>
    /// <param name="results">One entry an item, in request order.</param>
    /// <param name="attempt">The attempt.</param>
    /// <param name="enclave">Index of this enclave.</param>
    /// <param name="boot">Its boot.</param>
    /// <param name="tau">τ.</param>
    /// <param name="statementKey">Its statement key.</param>
    public static RoundBlobEnvelope Seal(
        VerifiedRequest request, SessionCipher cipher, IReadOnlyList<ItemResult> results, int attempt, int enclave, Id16 boot, Hash32 tau, SecretKey statementKey)
    {
        var roster = request.Roster.RosterHash;
        var blob = cipher.Encrypt(Purposes.Result, Aad.Result(roster, request.Digest), SigningResult.Encode(results));
        return RoundBlobEnvelope.Sign(Purposes.Result, roster, request.Digest, attempt, NodeId.Enclave(enclave), boot, tau, blob, statementKey);
    }

    /// <summary>Verifies and decrypts, and verifies every signature and pre-signature with the roster's own keys and the request's own points.</summary>
    /// <exception cref="KeyMeldException">
    /// <c>relay_fault</c>: not signed by an enclave of the group, or altered; <c>round_blob_invalid</c>: signed, and does not fit the request;
    /// <c>signature_invalid</c>: signed, and a signature or pre-signature in it does not verify.
    /// </exception>
    public static IReadOnlyList<ItemResult> Open(VerifiedRequest request, SessionCipher cipher, RoundBlobEnvelope envelope)
    {
        var roster = request.Roster;
        var enclaves = roster.Manifest.Value.Enclaves;
        if (envelope.Node.Kind != NodeKind.Enclave || envelope.Node.Index < 0 || envelope.Node.Index >= enclaves.Count
            || !envelope.Verify(Purposes.Result, roster.RosterHash, request.Digest, enclaves[envelope.Node.Index].Sign))
        {
            throw new KeyMeldException(ErrorCodes.RelayFault, "The result is not signed by an enclave of this group.");
        }
        if (!cipher.TryDecrypt(Purposes.Result, Aad.Result(roster.RosterHash, request.Digest), envelope.Blob.Span, out var plaintext))
        {
            throw Wrong(envelope, "does not open");
        }
        var results = Parse(envelope, plaintext);
        if (results.Length != request.Items.Count)
        {
            throw Wrong(envelope, $"has {results.Length} entries for {request.Items.Count} items");
        }
        var checkedResults = new ItemResult[results.Length];
        BatchRunner.ForEach(results.Length, index => checkedResults[index] = Check(request, envelope, index, results[index]));
        return checkedResults;
    }

    private static ItemResult[] Parse(RoundBlobEnvelope envelope, byte[] plaintext)
    {
        try
        {
            return SigningResult.Parse(plaintext);
        }
        catch (KeyMeldException exception)
        {
            throw new KeyMeldException(ErrorCodes.RoundBlobInvalid, $"The result of {envelope.Node} is ill-formed: {exception.Message}", exception);
        }
    }

    private static ItemResult Check(VerifiedRequest request, RoundBlobEnvelope envelope, int index, ItemResult result)
    {
        var item = request.Items[index];
        if (result.Item != item.Item)
        {
            throw Wrong(envelope, "names other items, or in another order");
        }
        switch (result)
        {
            case ItemResult.Completed completed when item.Adaptor is null:
                return request.KeysOf(index).OutputKey.Verify(item.Message.Bytes, completed.Signature) ? completed : throw Invalid(item);
            case ItemResult.PreSigned preSigned when item.Adaptor is not null:
                return PreSignature.TryParse(preSigned.PreSignature.Bytes, out var parsed)
                    && parsed.TryVerify(request.KeysOf(index).OutputKey, item.Message.Bytes, item.Adaptor, out var verified) ? preSigned with { Verified = verified } : throw Invalid(item);
            case ItemResult.Failed failed when failed.Node is not { } node || request.Nodes.Contains(node):
                return failed;
            default:
                throw Wrong(envelope, $"has something else for the item {item.Item} than was asked");
        }
    }

    private static KeyMeldException Invalid(SigningItem item) => new(ErrorCodes.SignatureInvalid, $"What the result has for the item {item.Item} does not verify.");

    private static KeyMeldException Wrong(RoundBlobEnvelope envelope, string why) => new(ErrorCodes.RoundBlobInvalid, $"The result of {envelope.Node} {why}.");
}
