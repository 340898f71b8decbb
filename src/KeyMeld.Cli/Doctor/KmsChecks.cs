using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using Amazon.Runtime;
using KeyMeld.Attestation;
using KeyMeld.DevKit.Stack;

namespace KeyMeld.Cli.Doctor;

/// <summary>What the administrator sees of the key: credentials, KMS within reach, the key's state, its policy.</summary>
internal static class KmsChecks
{
    private const string Credentials = "credentials";
    private const string Reachability = "reachability";
    private const string KeyState = "key state";
    private const string Policy = "policy";

    public static async Task<IReadOnlyList<Diagnosis>> CredentialsAsync(Patient patient, CancellationToken cancellationToken)
    {
        if (patient.Facts is not { } facts)
        {
            return [Skipped(Credentials, "configuration")];
        }
        try
        {
            var credentials = patient.Emulator is { } folder ? DevelopmentKms.AdministratorOf(folder) : Amazon.Runtime.Credentials.DefaultAWSCredentialsIdentityResolver.GetCredentials();
            var key = (await credentials.GetCredentialsAsync()).AccessKey;
            patient.Kms = new AmazonKeyManagementServiceClient(credentials, Configuration(facts));
            return [new(Credentials, Health.Fine, $"access key {key}")];
        }
        catch (Exception exception) when (exception is AmazonClientException or IOException or InvalidDataException)
        {
            return [new(Credentials, Health.Wrong, exception.Message, "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN) of the key's administrator, or sign in as for the aws command.")];
        }
    }

    public static async Task<IReadOnlyList<Diagnosis>> KeyAsync(Patient patient, CancellationToken cancellationToken)
    {
        if (patient.Kms is not { } kms)
        {
            return [Skipped(Reachability, Credentials), Skipped(KeyState, Credentials)];
        }
        try
        {
            var metadata = (await kms.DescribeKeyAsync(new DescribeKeyRequest { KeyId = patient.Facts!.KmsKeyId }, cancellationToken)).KeyMetadata;
            patient.KmsAnswers = true;
            return [new(Reachability, Health.Fine, $"KMS answers at {patient.Facts.KmsEndpoint?.ToString() ?? "the endpoint of region " + patient.Facts.Region}"), .. Judge(metadata)];
        }
        catch (AmazonKeyManagementServiceException exception) when ((int)exception.StatusCode is >= 400 and < 500)
        {
            patient.KmsAnswers = true;
            return [new(Reachability, Health.Fine, "KMS answers"), new(KeyState, Health.Wrong, $"{exception.ErrorCode}: {exception.Message}", ActionFor(exception.ErrorCode))];
        }
        catch (Exception exception) when (exception is AmazonClientException or HttpRequestException)
        {
            return [new(Reachability, Health.Wrong, exception.Message, "Check network, DNS, security groups and kms.endpoint_url; on Nitro also the forwarder."), Skipped(KeyState, Reachability)];
        }
    }

    public static async Task<IReadOnlyList<Diagnosis>> PolicyAsync(Patient patient, CancellationToken cancellationToken)
    {
        if (!patient.KmsAnswers)
        {
            return [Skipped(Policy, Reachability)];
        }
        try
        {
            var answer = await patient.Kms!.GetKeyPolicyAsync(new GetKeyPolicyRequest { KeyId = patient.Facts!.KmsKeyId, PolicyName = "default" }, cancellationToken);
            var findings = PolicyLinter.Lint(answer.Policy, patient.Trusted);
            return findings.Count > 0 ? [.. findings.Select(finding => new Diagnosis(Policy, Health.Wrong, $"{finding.Code} ({finding.Statement}): {finding.Why}", finding.Action))]
                : patient.Trusted is null ? [new(Policy, Health.Notable, "no weakness; which builds are let in was not compared", "Give the releases that run with --release.")]
                : [new(Policy, Health.Fine, $"no weakness; exactly {patient.Trusted.Count} releases are let in")];
        }
        catch (AmazonKeyManagementServiceException exception)
        {
            return [new(Policy, Health.Wrong, $"{exception.ErrorCode}: {exception.Message}", ActionFor(exception.ErrorCode))];
        }
    }

    private static IEnumerable<Diagnosis> Judge(KeyMetadata key)
    {
        if (key.KeyState != Amazon.KeyManagementService.KeyState.Enabled)
        {
            yield return new(KeyState, Health.Wrong, $"{key.Arn} is {key.KeyState}", "Enable it, or cancel its deletion at once: without it no sealed key opens.");
        }
        else if (key.KeySpec != KeySpec.SYMMETRIC_DEFAULT || key.KeyUsage != KeyUsageType.ENCRYPT_DECRYPT)
        {
            yield return new(KeyState, Health.Wrong, $"{key.Arn} is {key.KeySpec} for {key.KeyUsage}", "KeyMeld needs a symmetric encryption key.");
        }
        else
        {
            yield return new(KeyState, Health.Fine, $"{key.Arn} is enabled");
        }
        if (key.MultiRegion == true)
        {
            yield return new(KeyState, Health.Wrong, "the key is multi-Region: its replicas have policies of their own", "Use a single-Region key; change to it with `keymeld enclave rewrap`.");
        }
        if (key.Origin is { } origin && origin != OriginType.AWS_KMS)
        {
            yield return new(KeyState, Health.Notable, $"the key's material is of origin {origin}", "Whoever imported the material can open the sealed keys without KMS.");
        }
    }

    private static string ActionFor(string code) => code switch
    {
        "AccessDeniedException" => "Run this as the key's administrator: kms:DescribeKey and kms:GetKeyPolicy.",
        "NotFoundException" => "Check kms.key_id: account, region and id.",
        _ => "Check the credentials: AWS did not take the call.",
    };

    private static AmazonKeyManagementServiceConfig Configuration(GatewayFacts facts)
    {
        var configuration = new AmazonKeyManagementServiceConfig { MaxErrorRetry = 1, Timeout = TimeSpan.FromSeconds(5) };
        if (facts.KmsEndpoint is { } endpoint)
        {
            configuration.ServiceURL = endpoint.GetLeftPart(UriPartial.Authority);
            configuration.AuthenticationRegion = facts.Region ?? "us-west-2";
        }
        else
        {
            configuration.RegionEndpoint = Amazon.RegionEndpoint.GetBySystemName(facts.Region ?? "us-west-2");
        }
        return configuration;
    }

    private static Diagnosis Skipped(string check, string cause) => new(check, Health.Skipped, $"{cause} first");
}
