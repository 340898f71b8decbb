using System.Collections.Frozen;

namespace KeyMeld.Protocol.Errors;

/// <summary>One row of the table: the stable code, the HTTP status it travels with, whether repeating the same call later can succeed, and what to do about it.</summary>
/// <param name="Code">Stable, lower-case, never reused for something else.</param>
/// <param name="Status">HTTP status of the problem details that carry it.</param>
/// <param name="Retryable">Whether the very same call may succeed later.</param>
/// <param name="Action">What the reader can do, one sentence.</param>
public sealed record ErrorEntry(string Code, int Status, bool Retryable, string Action);

/// <summary>The closed table of error codes. Append only: clients depend on the words.</summary>
public static class ErrorCodes
{
#pragma warning disable CS1591 // the table below documents each
    // The call itself
    public const string BadRequest = "bad_request";
    public const string StatementInvalid = "statement_invalid";
    public const string Unauthorized = "unauthorized";
    public const string NotFound = "not_found";
    public const string MethodNotAllowed = "method_not_allowed";
    public const string MediaTypeUnsupported = "media_type_unsupported";
    public const string Conflict = "conflict";
    public const string PayloadTooLarge = "payload_too_large";
    public const string RateLimited = "rate_limited";
    public const string Timeout = "timeout";
    public const string Unsupported = "unsupported";
    public const string LimitExceeded = "limit_exceeded";
    public const string Busy = "busy";
    public const string Internal = "internal";
    public const string Unavailable = "unavailable";
    public const string ConfigurationInvalid = "configuration_invalid";
    public const string StorageFailed = "storage_failed";
    public const string DataWouldBeLost = "data_would_be_lost";
    public const string BackupInvalid = "backup_invalid";
    public const string DatabaseMissing = "database_missing";
    public const string DatabaseEmpty = "database_empty";
    public const string DatabaseInvalid = "database_invalid";
    public const string DatabaseDenied = "database_denied";

    // Enclaves and their identity
    public const string EnclaveUnreachable = "enclave_unreachable";
    public const string EnclaveLocked = "enclave_locked";
    public const string EnclaveMismatch = "enclave_mismatch";
    public const string EnclaveConfigured = "enclave_configured";
    public const string EnclaveInUse = "enclave_in_use";
    public const string EnclaveChanged = "enclave_changed";
    public const string EpochRetired = "epoch_retired";
    public const string AttestationInvalid = "attestation_invalid";
    public const string AttestationUnavailable = "attestation_unavailable";
    public const string ClockSkewed = "clock_skewed";
    public const string ReleaseInvalid = "release_invalid";
    public const string ImageInvalid = "image_invalid";

    // Sealing with KMS
    public const string KmsAccessDenied = "kms_access_denied";
    public const string KmsAttestationRejected = "kms_attestation_rejected";
    public const string KmsKeyDisabled = "kms_key_disabled";
    public const string KmsKeyNotFound = "kms_key_not_found";
    public const string KmsThrottled = "kms_throttled";
    public const string KmsUnreachable = "kms_unreachable";
    public const string KmsCredentialsInvalid = "kms_credentials_invalid";
    public const string KmsResponseInvalid = "kms_response_invalid";
    public const string KmsPolicyOpen = "kms_policy_open";
    public const string KmsConfigMismatch = "kms_config_mismatch";
    public const string SealedKeyCorrupt = "sealed_key_corrupt";
    public const string SealedKeyMissing = "sealed_key_missing";
    public const string SealedKeyUnreadable = "sealed_key_unreadable";
    public const string SealedKeyExists = "sealed_key_exists";
    public const string SealedKeyChanged = "sealed_key_changed";

    // Forming a group
    public const string ManifestInvalid = "manifest_invalid";
    public const string SessionSecretUnreadable = "session_secret_unreadable";
    public const string TermsMismatch = "terms_mismatch";
    public const string RegistrationInvalid = "registration_invalid";
    public const string ProofOfPossessionInvalid = "pop_invalid";
    public const string EnvelopeUnreadable = "envelope_unreadable";
    public const string EnvelopeMismatch = "envelope_mismatch";
    public const string KeyReused = "key_reused";
    public const string SlotTaken = "slot_taken";
    public const string JoinClosed = "join_closed";
    public const string AlreadyFormed = "already_formed";
    public const string GroupNotFormed = "group_not_formed";
    public const string Erased = "erased";
    public const string RosterMismatch = "roster_mismatch";
    public const string ReceiptInvalid = "receipt_invalid";
    public const string InvitationInvalid = "invitation_invalid";

    // Signing
    public const string RequestInvalid = "request_invalid";
    public const string ItemsInvalid = "items_invalid";
    public const string ApprovalsMissing = "approvals_missing";
    public const string ApprovalInvalid = "approval_invalid";
    public const string Rejected = "rejected";
    public const string Cancelled = "cancelled";
    public const string NotYetValid = "not_yet_valid";
    public const string Expired = "expired";
    public const string SigningClosed = "signing_closed";
    public const string NotLoaded = "not_loaded";
    public const string NonceAlreadyUsed = "nonce_already_used";
    public const string AttemptStale = "attempt_stale";
    public const string AttemptsExhausted = "attempts_exhausted";
    public const string RelayFault = "relay_fault";
    public const string RoundBlobInvalid = "round_blob_invalid";
    public const string NonceMissing = "nonce_missing";
    public const string NonceInvalid = "nonce_invalid";
    public const string PartialInvalid = "partial_invalid";
    public const string SignatureInvalid = "signature_invalid";
    public const string ContextMismatch = "context_mismatch";
    public const string OpaqueMessage = "opaque_message";
    public const string AdaptorInvalid = "adaptor_invalid";
    public const string AdaptorMismatch = "adaptor_mismatch";
    public const string PreSignatureInvalid = "presignature_invalid";

    // The client's own side
    public const string GatewayInsecure = "gateway_insecure";
    public const string GatewayUnreachable = "gateway_unreachable";
    public const string GatewayResponseInvalid = "gateway_response_invalid";
    public const string ProfileInvalid = "profile_invalid";
    public const string PassphraseWrong = "passphrase_wrong";
    public const string KeyFileInvalid = "key_file_invalid";
    public const string StillPending = "still_pending";
#pragma warning restore CS1591

    private static readonly FrozenDictionary<string, ErrorEntry> Table = Rows().ToFrozenDictionary(row => row.Code);

    /// <summary>All codes with their status and action.</summary>
    public static IReadOnlyCollection<ErrorEntry> All => Table.Values;

    /// <summary>Whether <paramref name="code"/> is in the table.</summary>
    public static bool IsKnown(string code) => Table.ContainsKey(code);

    /// <summary>The row of a known code.</summary>
    /// <exception cref="KeyNotFoundException">The code is not in the table.</exception>
    public static ErrorEntry Get(string code) => Table[code];

    private static ErrorEntry[] Rows() =>
    [
        new(BadRequest, 400, false, "Correct the request: the detail names the member and what it must be."),
        new(StatementInvalid, 400, false, "The statement is not the deterministic encoding the protocol asks for; build it with a current SDK."),
        new(Unauthorized, 401, false, "Sign the call: check the key, the clock (60 s), the public URL, and use each nonce once."),
        new(NotFound, 404, false, "Check the id and that the calling key may read it: what is not yours looks absent."),
        new(MethodNotAllowed, 405, false, "Use the method that the Allow header names."),
        new(MediaTypeUnsupported, 415, false, "Send the body as Content-Type: application/json, in UTF-8 and without Content-Encoding."),
        new(Conflict, 409, false, "Another statement already stands under this id; draw a new id for a new request."),
        new(PayloadTooLarge, 413, false, "Send less: the detail names the limit."),
        new(RateLimited, 429, true, "Slow down and repeat after the time given in Retry-After."),
        new(Timeout, 408, true, "The body came too slowly; repeat the call."),
        new(Unsupported, 422, false, "This build does not offer that; see the documentation for what it does."),
        new(LimitExceeded, 422, false, "Stay under the limit that the detail names, for example by splitting the batch."),
        new(Busy, 503, true, "The enclave is at its memory or request limit; repeat later."),
        new(Internal, 500, true, "A fault of the program: the request id finds it in the log."),
        new(Unavailable, 503, true, "Repeat later; `keymeld status` shows what is missing."),
        new(ConfigurationInvalid, 500, false, "Correct every setting that the message lists and start again."),
        new(StorageFailed, 503, true, "The database did not take the change, nothing was done; check disk and permissions."),
        new(DataWouldBeLost, 409, false, "Nothing was done; make a backup, and use an empty database or one that does not hold what would go."),
        new(BackupInvalid, 422, false, "The backup is not whole or not of a version this program knows; nothing was restored, take another."),
        new(DatabaseMissing, 404, false, "Correct storage.path. If there should be none yet: the gateway's first start makes it, `db restore` fills it from a backup, `db migrate --create` makes an empty one."),
        new(DatabaseEmpty, 422, false, "Nothing of KeyMeld is in it: correct storage.path, or restore a backup to another path. If it is new, the gateway's first start or `db migrate --create` makes the tables."),
        new(DatabaseInvalid, 422, false, "Correct storage.path. If this is where the database was, keep what is there and restore a backup to another path."),
        new(DatabaseDenied, 403, false, "Run it as the user whose file it is, and look at the rights of the file and of the folders above it."),

        new(EnclaveUnreachable, 503, true, "Check that the enclave runs; the gateway connects again by itself."),
        new(EnclaveLocked, 503, true, "The enclave has no key to work with; `keymeld status` shows the reason."),
        new(EnclaveMismatch, 422, false, "The manifest names an enclave key that this enclave does not have; create the group with the keys it attests now."),
        new(EnclaveConfigured, 409, false, "The enclave's number is fixed until it restarts."),
        new(EnclaveInUse, 409, false, "Nothing was changed. Take it out of every gateway's configuration first; have its groups and keys erased, or say --lose to give them up."),
        new(EnclaveChanged, 409, false, "The enclave shows another key or a lower epoch than pinned. Do not continue unless you know why; then accept it explicitly."),
        new(EpochRetired, 409, false, "The group uses an older key epoch of an enclave; accept that explicitly to join."),
        new(AttestationInvalid, 422, false, "The enclave did not prove what it is; do not send it secrets. Check root, releases and clock."),
        new(AttestationUnavailable, 503, true, "The enclave could not get an attestation document from its NSM device."),
        new(ClockSkewed, 503, true, "The enclave's clock and its attested time disagree; repair the host's clock."),

        new(ReleaseInvalid, 422, false, "Do not trust enclaves by it: get manifest, signature and the releaser's key again from somebody you trust."),
        new(ImageInvalid, 422, false, "The enclave image or one of its parts is not what its format says; build it again from its sources."),

        new(KmsAccessDenied, 503, true, "KMS refused: the key policy must name this role and this enclave's PCR0, PCR1 and PCR2."),
        new(KmsAttestationRejected, 503, true, "KMS did not accept the attestation document; check that the enclave is not in debug mode and its clock is right."),
        new(KmsKeyDisabled, 503, true, "Enable the KMS key, or cancel its deletion."),
        new(KmsKeyNotFound, 503, false, "Check the key ARN, the region and the account in the enclave's configuration."),
        new(KmsThrottled, 503, true, "KMS is throttling; the enclave tries again, with pauses."),
        new(KmsUnreachable, 503, true, "Check network, endpoint and certificates between the enclave and KMS."),
        new(KmsCredentialsInvalid, 503, true, "Give the gateway valid AWS credentials of the enclave's role."),
        new(KmsResponseInvalid, 503, false, "KMS's answer was not what was asked for; someone may be in between. Nothing was stored."),
        new(KmsPolicyOpen, 503, false, "The key policy lets KMS be used without attestation; tighten it, then restart the enclave."),
        new(KmsConfigMismatch, 503, false, "The gateway's kms block and the enclave's measured configuration disagree; make them equal."),
        new(SealedKeyCorrupt, 503, false, "The sealed key does not open or does not match; restore the row from a backup. It is never overwritten."),
        new(SealedKeyMissing, 503, false, "No sealed key for this enclave: restore the database, or make a first key with an explicit genesis."),
        new(SealedKeyUnreadable, 503, true, "The gateway could not read its sealed keys; repair the database."),
        new(SealedKeyExists, 409, false, "There is a key already; a new epoch needs the next epoch number."),
        new(SealedKeyChanged, 409, true, "Somebody else changed the sealed keys meanwhile; nothing was written. Look at `keymeld status`, then repeat."),

        new(ManifestInvalid, 422, false, "The manifest contradicts itself or its signature is not the creator's; create it again with a current SDK."),
        new(SessionSecretUnreadable, 422, false, "A session secret does not open at its enclave; seal it to the key that enclave attests."),
        new(TermsMismatch, 422, false, "The terms are not those the manifest commits to."),
        new(RegistrationInvalid, 422, false, "The registration contradicts the manifest or its signatures; join again from the invitation."),
        new(ProofOfPossessionInvalid, 422, false, "The member key's proof of possession does not verify; register with the key's own secret."),
        new(EnvelopeUnreadable, 422, false, "The sealed member key does not open at its enclave; seal it to the key that enclave attests."),
        new(EnvelopeMismatch, 422, false, "The sealed secret is not that of the registered member key."),
        new(KeyReused, 422, false, "Within a group every key serves one role of one person; use a fresh key."),
        new(SlotTaken, 409, false, "Somebody else registered in this place. Treat it as an alarm: your admission key may be known to others."),
        new(JoinClosed, 409, false, "The time to join is over; ask for a new group."),
        new(AlreadyFormed, 409, false, "The group is formed; only a member's own envelope can be erased now."),
        new(GroupNotFormed, 409, true, "Wait until every participant has joined."),
        new(Erased, 410, false, "It was erased and does not come back."),
        new(RosterMismatch, 409, false, "This is not the roster that was agreed. Do not sign; compare fingerprints with the other members."),
        new(ReceiptInvalid, 409, false, "An enclave did not confirm the same roster and keys. Do not use this group."),
        new(InvitationInvalid, 400, false, "The invitation is incomplete or damaged; copy the whole line that begins with keymeld1."),

        new(RequestInvalid, 422, false, "The signing request contradicts the group or itself; build it again with a current SDK."),
        new(ItemsInvalid, 422, false, "The items do not open or contradict the request; build the request again."),
        new(ApprovalsMissing, 409, true, "Wait for the approvals the group's rule asks for."),
        new(ApprovalInvalid, 422, false, "An approval is not by a member's own key or names another request."),
        new(Rejected, 409, false, "A member rejected this request; ask why before making another."),
        new(Cancelled, 409, false, "The requester cancelled it."),
        new(NotYetValid, 409, true, "The request is dated in the future; correct the requester's clock."),
        new(Expired, 409, false, "The time for this request is over; make a new one."),
        new(SigningClosed, 409, false, "The group's time to sign is over (sign_until)."),
        new(NotLoaded, 503, true, "The enclave restarted or made room; the gateway hands it the group again by itself."),
        new(NonceAlreadyUsed, 409, false, "These nonces are spent; the signing goes on with a new attempt."),
        new(AttemptStale, 409, false, "A later attempt exists already."),
        new(AttemptsExhausted, 409, false, "No attempt of this request can succeed any more; make a new request."),
        new(RelayFault, 409, true, "A round blob was altered or mixed up on the way; nobody is blamed. The signing goes on with a new attempt."),
        new(RoundBlobInvalid, 409, false, "A node sent a round blob that is wrong under its own signature; the result names it."),
        new(NonceMissing, 409, false, "A node left out a public nonce; the result names it."),
        new(NonceInvalid, 409, false, "A node sent a public nonce that is no valid point; the result names it."),
        new(PartialInvalid, 409, false, "A node sent a partial signature that does not verify; the result names it."),
        new(SignatureInvalid, 409, false, "A signature does not verify. Do not use it."),
        new(ContextMismatch, 422, false, "What is shown is not what would be signed. Do not approve; warn the others."),
        new(OpaqueMessage, 422, false, "Nothing shows what this message is; approve it only by the explicit opaque call."),
        new(AdaptorInvalid, 422, false, "The adaptor points cannot be used together, or a proof of one is missing or wrong; the detail says which."),
        new(AdaptorMismatch, 422, false, "Give the secret of the adaptor point, or the signature that was made of this pre-signature."),
        new(PreSignatureInvalid, 422, false, "The pre-signature does not verify for this key, message and point. Do not rely on it."),

        new(GatewayInsecure, 400, false, "Use https://; http:// and development roots are for gateways on this machine only."),
        new(GatewayUnreachable, 503, true, "Check the gateway's address and that it runs."),
        new(GatewayResponseInvalid, 502, false, "The gateway's answer is not what the protocol says; do not trust it."),
        new(ProfileInvalid, 400, false, "Check the profile folder; `--profile` names it."),
        new(PassphraseWrong, 400, false, "Give the passphrase this profile was made with (KEYMELD_PASSPHRASE or the prompt)."),
        new(KeyFileInvalid, 400, false, "Give a file with one secret key, 64 hex digits or WIF."),
        new(StillPending, 408, true, "It is not finished yet: wait again, or see what it waits for."),
    ];
}
