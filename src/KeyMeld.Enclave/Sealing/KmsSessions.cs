using KeyMeld.Enclave.Configuration;
using KeyMeld.Enclave.Identity;
using KeyMeld.Enclave.Nsm;
using KeyMeld.Enclave.Sealing.Cms;
using KeyMeld.Enclave.Sealing.Kms;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Enclave.Sealing;

/// <summary>Holds the credentials the gateway pushed last, and runs work with one and the same set from its first call to its last.</summary>
internal sealed class KmsSessions(
    IKms kms, NsmClient nsm, EnclaveConfiguration configuration, EnclaveCounters counters, TimeProvider time, Func<RecipientKey> makeRecipient) : IAsyncDisposable
{
    private readonly RecipientKeys? _recipients = configuration.Kms.EnableAttestation ? new RecipientKeys(makeRecipient) : null;
    private readonly KmsRetry _retry = new(time);
    private KmsCredentials? _credentials;

    public void Use(KmsCredentials credentials) => Volatile.Write(ref _credentials, credentials);

    /// <summary>Does the work; once more, from its beginning, when its credentials expired and others were pushed meanwhile.</summary>
    /// <exception cref="KeyMeldException">It could not be done.</exception>
    public async Task<T> RunAsync<T>(Func<KmsSession, Task<T>> work, long nowMs)
    {
        var credentials = Newest(nowMs);
        try
        {
            return await work(Open(credentials));
        }
        catch (KmsException expired)
        {
            if (ReferenceEquals(Newest(nowMs), credentials))
            {
                throw KmsFailures.ToFault(expired, configuration.Kms.KeyId);
            }
        }
        try
        {
            return await work(Open(Newest(nowMs)));
        }
        catch (KmsException expired)
        {
            throw KmsFailures.ToFault(expired, configuration.Kms.KeyId);
        }
    }

    public ValueTask DisposeAsync() => _recipients?.DisposeAsync() ?? default;

    private KmsSession Open(KmsCredentials credentials) => new(kms, credentials, nsm, _recipients, _retry, counters);

    private KmsCredentials Newest(long nowMs)
    {
        var credentials = Volatile.Read(ref _credentials)
            ?? throw new KeyMeldException(ErrorCodes.KmsCredentialsInvalid, "The gateway has pushed no AWS credentials; set its AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.");
        return credentials.HasExpired(nowMs)
            ? throw new KeyMeldException(ErrorCodes.KmsCredentialsInvalid, "The AWS credentials the gateway pushed have expired.")
            : credentials;
    }
}
