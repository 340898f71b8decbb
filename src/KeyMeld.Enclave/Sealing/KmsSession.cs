using KeyMeld.Enclave.Configuration;
using KeyMeld.Enclave.Identity;
using KeyMeld.Enclave.Nsm;
using KeyMeld.Enclave.Sealing.Cms;
using KeyMeld.Enclave.Sealing.Kms;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Identity;
using KeyMeld.Secp256k1;

namespace KeyMeld.Enclave.Sealing;

/// <summary>
/// Calls to KMS with one set of credentials, each attested on its own and its answer checked: what comes out of here is what was asked for.
/// </summary>
internal sealed class KmsSession(IKms kms, KmsCredentials credentials, NsmClient nsm, RecipientKeys? recipients, KmsRetry retry, EnclaveCounters counters)
{
    private const int MaxBlobBytes = 6144;

    public KmsCredentials Credentials => credentials;

    /// <summary>A new data key under <paramref name="keyId"/> and its sealed form.</summary>
    /// <param name="keyId">The configured key; an alias only in development.</param>
    /// <param name="context">The encryption context.</param>
    /// <param name="cancellation">Ends the call.</param>
    public Task<NewDataKey> GenerateDataKeyAsync(string keyId, IReadOnlyDictionary<string, string> context, CancellationToken cancellation) =>
        CallAsync("GenerateDataKey", keyId, context, document => kms.GenerateDataKeyAsync(credentials, keyId, context, document, cancellation), (answer, recipient) =>
        {
            if (answer.CiphertextBlob is not { Length: > 0 and <= MaxBlobBytes } blob || !IsKey(answer.KeyId, keyId))
            {
                throw new KmsException(KmsFailure.ResponseInvalid, null);
            }
            return new NewDataKey(TakeDataKey(answer, recipient), blob, answer.KeyId!);
        }, cancellation);

    /// <summary>Opens a sealed data key.</summary>
    public Task<SecretBytes> DecryptAsync(string keyArn, ReadOnlyMemory<byte> blob, IReadOnlyDictionary<string, string> context, CancellationToken cancellation) =>
        CallAsync("Decrypt", keyArn, context, document => kms.DecryptAsync(credentials, keyArn, blob, context, document, cancellation), (answer, recipient) =>
            IsKey(answer.KeyId, keyArn) ? TakeDataKey(answer, recipient) : throw new KmsException(KmsFailure.ResponseInvalid, null), cancellation);

    /// <summary>Returns when KMS denies the call; everything else is thrown.</summary>
    public async Task RequireDeniedAsync(KmsProbe probe, CancellationToken cancellation)
    {
        try
        {
            await retry.RunAsync(async () =>
            {
                counters.KmsCalled();
                var answer = await kms.ProbeAsync(credentials, probe, cancellation);
                return answer.Failure is KmsFailure.AccessDenied ? true : throw answer;
            }, cancellation);
        }
        catch (KmsException exception) when (exception.Failure is not KmsFailure.CredentialsExpired)
        {
            throw KmsFailures.ToFault(exception, probe.KeyId);
        }
    }

    private async Task<T> CallAsync<T>(string action, string keyId, IReadOnlyDictionary<string, string> context, Func<ReadOnlyMemory<byte>?, Task<KmsAnswer>> send,
        Func<KmsAnswer, RecipientKey?, T> read, CancellationToken cancellation)
    {
        try
        {
            return await retry.RunAsync(async () =>
            {
                // A fresh key and document for every attempt: an answer to an earlier one opens nothing.
                using var recipient = recipients is null ? null : await recipients.TakeAsync(cancellation);
                var document = recipient is null ? (ReadOnlyMemory<byte>?)null : Attest(action, keyId, context, recipient);
                counters.KmsCalled();
                using var answer = await send(document);
                return read(answer, recipient);
            }, cancellation);
        }
        catch (KmsException exception) when (exception.Failure is not KmsFailure.CredentialsExpired)
        {
            throw KmsFailures.ToFault(exception, keyId);
        }
    }

    private ReadOnlyMemory<byte> Attest(string action, string keyArn, IReadOnlyDictionary<string, string> context, RecipientKey recipient)
    {
        Span<byte> random = stackalloc byte[32];
        SecureRandom.Fill(random);
        try
        {
            return nsm.Attest(KmsUserData.Of(action, keyArn, context, random).ToArray(), nonce: null, recipient.PublicKey);
        }
        catch (NsmException exception)
        {
            throw new KeyMeldException(ErrorCodes.AttestationUnavailable, exception.Message, exception);
        }
    }

    private static bool IsKey(string? answered, string asked) =>
        answered is not null && KeyArn.IsValid(answered) && (!KeyArn.IsValid(asked) || string.Equals(answered, asked, StringComparison.Ordinal));

    // With attestation a plaintext in the answer means that somebody did not seal it to this enclave; without, the sealed form was not asked for.
    private static SecretBytes TakeDataKey(KmsAnswer answer, RecipientKey? recipient)
    {
        SecretBytes? key = null;
        if (recipient is null ? answer is { Plaintext: not null, CiphertextForRecipient: null } : answer is { Plaintext: null, CiphertextForRecipient: not null })
        {
            if (recipient is null)
            {
                key = SecretBytes.CopyFrom(answer.Plaintext!.Span);
            }
            else
            {
                recipient.TryOpen(answer.CiphertextForRecipient, out key);
            }
        }
        if (key is { Length: NewDataKey.Size })
        {
            return key;
        }
        key?.Dispose();
        throw new KmsException(KmsFailure.ResponseInvalid, null);
    }
}

/// <summary>A data key as made by KMS: open and sealed.</summary>
internal sealed class NewDataKey(SecretBytes key, byte[] blob, string keyArn) : IDisposable
{
    public const int Size = 32;

    public SecretBytes Key => key;

    public byte[] Blob => blob;

    public string KeyArn => keyArn;

    public void Dispose() => key.Dispose();
}
