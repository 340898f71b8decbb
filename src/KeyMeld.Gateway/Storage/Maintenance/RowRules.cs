using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;
using KeyMeld.Wire.V1;

namespace KeyMeld.Gateway.Storage.Maintenance;

/// <summary>What one row must be by itself.</summary>
internal static class RowRules
{
    private const int HashBytes = 32;

    /// <exception cref="UnreadableRowException">It is not.</exception>
    /// <exception cref="Protocol.Errors.KeyMeldException">A statement in it is none.</exception>
    public static void Require(StoredRow row)
    {
        switch (row.Table.Name)
        {
            case "enclave_key_history":
                Require(row.Bytes("public_key").Length == PublicKey.Size, "the public key has another length");
                break;
            case "enclave_master_keys" or "enclave_retired_keys":
                RequireSealedKey(row);
                break;
            case "enclave_retirements":
                Require(row.Integer("enclave_id") is >= 0 and <= int.MaxValue && row.Integer("retired_ms") > 0 && row.Integer("groups_lost") >= 0 && row.Integer("keys_lost") >= 0, "a number is out of range");
                break;
            case "groups":
                RequireGroup(row);
                break;
            case "group_session_secrets":
                Require(row.Bytes("sealed").Length > 0, "the sealed session secret is empty");
                break;
            case "group_readers":
                Require(row.Bytes("reader").Length == HashBytes, "the reader is no hash");
                break;
            case "registrations":
                RequireRegistration(row);
                break;
            case "receipts":
                Require(row.Bytes("signature").Length == SchnorrSignature.Size, "the signature has another length");
                break;
            case "signings":
                RequireSigning(row);
                break;
            case "approvals":
                RequireApproval(row);
                break;
            case "owned_keys":
                RequireKey(row);
                break;
            case "replay_nonces":
                Require(row.Integer("expires_ms") > 0, "the nonce has no time");
                break;
            default:
                throw new UnreadableRowException($"There are no rules for table {row.Table.Name}.");
        }
    }

    private static void RequireSealedKey(StoredRow row)
    {
        Require(row.Integer("enclave_id") is >= 0 and <= int.MaxValue && row.Integer("key_epoch") is >= 1 and <= int.MaxValue, "enclave or epoch is out of range");
        Require(row.Bytes("public_key").Length == PublicKey.Size, "the public key has another length");
        Require(row.Bytes("kms_encrypted_dek").Length > 0 && row.Bytes("encrypted_private_key").Length > 0 && row.Text("kms_key_id").Length > 0, "a ciphertext or the KMS key is missing");
    }

    private static void RequireGroup(StoredRow row)
    {
        var state = StateWords.Group(row.Text("state"));
        var erased = state == GroupState.Erased;
        Require(erased == (row.OptionalBytes("erase_hash") is not null), "it is erased without an erase statement, or the other way round");
        Require((state == GroupState.Formed) == (row.OptionalBytes("roster_hash") is not null), "it is formed without a roster, or the other way round");
        foreach (var column in (string[])["manifest", "manifest_signature", "terms"])
        {
            Require(erased == row.OptionalBytes(column) is null, $"{column} is missing, or is there although it was erased");
        }
        if (!erased)
        {
            Require(Signed.ParseManifest(Statement(row, "manifest", "manifest_signature")).Digest == row.Hash("manifest_hash"), "the manifest has another hash");
        }
    }

    private static void RequireRegistration(StoredRow row)
    {
        if (row.OptionalBytes("statement") is null)
        {
            Require(row.OptionalBytes("signatures") is null && row.OptionalBytes("envelope") is null, "an erased registration kept something");
            return;
        }
        var statement = Statement(row, "statement", "signatures");
        var registration = Signed.Read<Registration>(statement);
        Require(statement.Hash == row.Hash("statement_hash"), "the statement has another hash");
        Require(registration.Value.Manifest == row.Hash("manifest_hash"), "the statement is of another group");
        RequireEnvelope(row.OptionalBytes("envelope"), registration.Value.Envelope);
    }

    private static void RequireSigning(StoredRow row)
    {
        var state = StateWords.Signing(row.Text("state"));
        var request = Signed.Read<SigningRequest>(Statement(row, "request", "request_signature"));
        Require(request.Digest == row.Hash("request_hash"), "the request has another hash");
        Require(request.Value.Signing == new Id16(row.Bytes("signing_id")) && request.Value.Expires == row.Integer("expires_ms"), "the request has another id or time");
        Require(Hash32.Sha256(row.Bytes("items")) == request.Value.Sealed, "the items are not those the request names");
        Require((state == SigningState.Completed) == (row.OptionalBytes("result") is not null), "it is completed without a result, or the other way round");
        Require(row.Integer("attempts") >= (state is SigningState.Running or SigningState.Completed ? 1 : 0), "it has too few attempts");
        if (row.OptionalBytes("result") is { } result)
        {
            try
            {
                _ = RoundBlob.Parser.ParseFrom(result);
            }
            catch (Google.Protobuf.InvalidProtocolBufferException exception)
            {
                throw new UnreadableRowException($"The result is none: {exception.Message}");
            }
        }
    }

    private static void RequireApproval(StoredRow row)
    {
        var approval = Signed.Read<Approval>(Statement(row, "statement", "signature")).Value;
        Require(approval.Request == row.Hash("request_hash"), "the statement is of another request");
        Require(row.Text("decision") == (approval.Decision == Decision.Approve ? "approve" : "reject"), "the statement says the opposite");
    }

    private static void RequireKey(StoredRow row)
    {
        var erased = row.OptionalBytes("erase_hash") is not null;
        foreach (var column in (string[])["statement", "signature", "sealed", "answer"])
        {
            Require(erased == row.OptionalBytes(column) is null, $"{column} is missing, or is there although it was erased");
        }
        if (!erased)
        {
            var key = Signed.ParseKey(Statement(row, "statement", "signature"));
            Require(key.Hash == row.Hash("key_hash"), "the statement has another hash");
            Require(key.Value.Auth.Bytes.SequenceEqual(row.Bytes("auth")) && key.Value.Key == new Id16(row.Bytes("key_id")), "the statement is of another owner or key");
            RequireEnvelope(key.Value.Envelope is null ? null : row.Bytes("sealed"), key.Value.Envelope);
        }
    }

    // A member's envelope may have been erased by itself; one that is there is the one that was named.
    private static void RequireEnvelope(byte[]? envelope, Hash32? named) => Require(envelope is null || named is null || Hash32.Sha256(envelope) == named, "the envelope is not the one the statement names");

    private static KeyMeld.Protocol.Statements.SignedStatement Statement(StoredRow row, string statement, string signatures)
    {
        var signatureBytes = row.Bytes(signatures);
        Require(signatureBytes.Length > 0 && signatureBytes.Length % SchnorrSignature.Size == 0, "the signatures have another length");
        return new StoredStatement(row.Bytes(statement), signatureBytes).ToSigned();
    }

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new UnreadableRowException(otherwise);
        }
    }
}
