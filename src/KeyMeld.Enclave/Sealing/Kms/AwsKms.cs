using System.Security.Cryptography;
using Amazon;
using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using Amazon.Runtime;
using KeyMeld.Enclave.Clock;
using KeyMeld.Enclave.Configuration;
using KeyMeld.Secp256k1;

namespace KeyMeld.Enclave.Sealing.Kms;

/// <summary>KMS through the AWS SDK, with nothing of its own but signing and parsing: region, endpoint and roots are the measured configuration's,
/// credentials the caller's, time the enclave's, and each call is made once.</summary>
internal sealed class AwsKms : IKms, IDisposable
{
    private readonly EnclaveClock _clock;
    private readonly KmsTransport _transport;
    private readonly AmazonKeyManagementServiceConfig _config;

    public AwsKms(KmsConfiguration configuration, EnclaveClock clock)
    {
        _clock = clock;
        _transport = new KmsTransport(configuration, clock);
        // No profile of whoever started the process, no endpoint of the environment (which is empty by now).
        AWSConfigs.AWSProfilesLocation = "/dev/null";
        _config = new AmazonKeyManagementServiceConfig
        {
            HttpClientFactory = _transport,
            IgnoreConfiguredEndpointUrls = true,
            DefaultConfigurationMode = DefaultConfigurationMode.Standard,
            RetryMode = RequestRetryMode.Standard,
            MaxErrorRetry = 0,
            ThrottleRetries = false,
            AllowAutoRedirect = false,
            UseDualstackEndpoint = false,
            UseFIPSEndpoint = false,
            DisableLogging = true,
            AuthenticationRegion = configuration.Region,
            ServiceURL = configuration.Url.ToString(),
        };
    }

    public Task<KmsAnswer> GenerateDataKeyAsync(KmsCredentials credentials, string keyId, IReadOnlyDictionary<string, string> context,
        ReadOnlyMemory<byte>? attestation, CancellationToken cancellation) =>
        CallAsync(credentials, attestation is not null, async client =>
        {
            var response = await client.GenerateDataKeyAsync(
                new GenerateDataKeyRequest { KeyId = keyId, KeySpec = DataKeySpec.AES_256, EncryptionContext = Copy(context), Recipient = ToRecipient(attestation) }, cancellation);
            return new KmsAnswer
            {
                KeyId = response.KeyId,
                CiphertextBlob = response.CiphertextBlob?.ToArray(),
                CiphertextForRecipient = response.CiphertextForRecipient?.ToArray(),
                Plaintext = TakeSecret(response.Plaintext),
            };
        });

    public Task<KmsAnswer> DecryptAsync(KmsCredentials credentials, string keyId, ReadOnlyMemory<byte> ciphertext, IReadOnlyDictionary<string, string> context,
        ReadOnlyMemory<byte>? attestation, CancellationToken cancellation) =>
        CallAsync(credentials, attestation is not null, async client =>
        {
            var response = await client.DecryptAsync(
                new DecryptRequest { KeyId = keyId, CiphertextBlob = ToStream(ciphertext), EncryptionContext = Copy(context), Recipient = ToRecipient(attestation) }, cancellation);
            return new KmsAnswer
            {
                KeyId = response.KeyId,
                CiphertextForRecipient = response.CiphertextForRecipient?.ToArray(),
                Plaintext = TakeSecret(response.Plaintext),
            };
        });

    public async Task<KmsException> ProbeAsync(KmsCredentials credentials, KmsProbe probe, CancellationToken cancellation)
    {
        try
        {
            return await CallAsync(credentials, attested: false, async client =>
            {
                await ProbeAsync(client, probe, cancellation);
                // A dry run has no success answer: whoever gives one did not make a dry run.
                return new KmsException(KmsFailure.ResponseInvalid, null);
            });
        }
        catch (KmsException exception)
        {
            return exception;
        }
    }

    public void Dispose() => _transport.Dispose();

    private static Task ProbeAsync(AmazonKeyManagementServiceClient client, KmsProbe probe, CancellationToken cancellation) => probe switch
    {
        KmsProbe.GenerateDataKey p => client.GenerateDataKeyAsync(
            new GenerateDataKeyRequest { KeyId = p.KeyId, KeySpec = DataKeySpec.AES_256, EncryptionContext = Copy(p.Context), DryRun = true }, cancellation),
        KmsProbe.Decrypt p => client.DecryptAsync(
            new DecryptRequest { KeyId = p.KeyId, CiphertextBlob = ToStream(p.Ciphertext), EncryptionContext = Copy(p.Context), DryRun = true }, cancellation),
        KmsProbe.Encrypt p => client.EncryptAsync(
            new EncryptRequest { KeyId = p.KeyId, Plaintext = new MemoryStream(new byte[32]), EncryptionContext = Copy(p.Context), DryRun = true }, cancellation),
        KmsProbe.ReEncrypt p => client.ReEncryptAsync(
            new ReEncryptRequest
            {
                SourceKeyId = p.KeyId,
                CiphertextBlob = ToStream(p.Ciphertext),
                SourceEncryptionContext = Copy(p.Context),
                DestinationKeyId = p.Destination,
                DestinationEncryptionContext = Copy(p.Context),
                DryRun = true,
            },
            cancellation),
        _ => throw new NotSupportedException(probe.GetType().Name),
    };

    private async Task<T> CallAsync<T>(KmsCredentials credentials, bool attested, Func<AmazonKeyManagementServiceClient, Task<T>> call)
    {
        // The host sets the wall clock the SDK would sign with.
        AWSConfigs.ManualClockCorrection = DateTimeOffset.FromUnixTimeMilliseconds(_clock.NowMs) - TimeProvider.System.GetUtcNow();
        AWSCredentials signer = credentials.SessionToken is { } token
            ? new SessionAWSCredentials(credentials.AccessKeyId, credentials.SecretAccessKey, token)
            : new BasicAWSCredentials(credentials.AccessKeyId, credentials.SecretAccessKey);
        try
        {
            using var client = new AmazonKeyManagementServiceClient(signer, _config);
            return await call(client);
        }
        catch (Exception exception) when (Find<KmsException>(exception) is { } own)
        {
            throw own;
        }
        catch (AmazonServiceException exception) when (!string.IsNullOrEmpty(exception.ErrorCode) || exception.StatusCode != 0)
        {
            var code = string.IsNullOrEmpty(exception.ErrorCode) ? null : exception.ErrorCode;
            throw new KmsException(KmsFailures.Sort(code, (int)exception.StatusCode, attested), code, exception);
        }
        catch (Exception exception) when (Find<HttpRequestException>(exception) is not null || exception is IOException or TimeoutException
            || (exception is OperationCanceledException && Find<TimeoutException>(exception) is not null))
        {
            throw new KmsException(KmsFailure.Unreachable, null, exception);
        }
        catch (Exception exception) when (exception is AmazonClientException or System.Text.Json.JsonException or FormatException or InvalidOperationException)
        {
            throw new KmsException(KmsFailure.ResponseInvalid, null, exception);
        }
    }

    private static T? Find<T>(Exception? exception)
        where T : Exception => exception is null ? null : exception as T ?? Find<T>(exception.InnerException);

    private static RecipientInfo? ToRecipient(ReadOnlyMemory<byte>? attestation) => attestation is { } document
        ? new RecipientInfo { AttestationDocument = ToStream(document), KeyEncryptionAlgorithm = KeyEncryptionMechanism.RSAES_OAEP_SHA_256 }
        : null;

    private static Dictionary<string, string> Copy(IReadOnlyDictionary<string, string> context) => new(context, StringComparer.Ordinal);

    private static MemoryStream ToStream(ReadOnlyMemory<byte> bytes) => new(bytes.ToArray(), writable: false);

    // Only with attestation off (development), or from somebody who is not KMS.
    private static SecretBytes? TakeSecret(MemoryStream? stream)
    {
        if (stream is null || stream.Length == 0)
        {
            return null;
        }
        var copy = stream.ToArray();
        try
        {
            if (stream.TryGetBuffer(out var buffer))
            {
                CryptographicOperations.ZeroMemory(buffer);
            }
            return SecretBytes.CopyFrom(copy);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(copy);
        }
    }
}
