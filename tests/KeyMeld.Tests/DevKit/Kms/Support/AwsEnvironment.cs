using KeyMeld.DevKit.Kms.Authentication;

namespace KeyMeld.Tests.DevKit.Kms.Support;

/// <summary>What AWS's own clients read from the environment: one credential and nothing of the machine's.</summary>
internal static class AwsEnvironment
{
    public static Dictionary<string, string?> Of(KmsCredential credential) => new()
    {
        ["AWS_ACCESS_KEY_ID"] = credential.AccessKeyId,
        ["AWS_SECRET_ACCESS_KEY"] = credential.SecretAccessKey,
        ["AWS_SESSION_TOKEN"] = credential.SessionToken,
        ["AWS_CONFIG_FILE"] = "/dev/null",
        ["AWS_SHARED_CREDENTIALS_FILE"] = "/dev/null",
        ["AWS_PAGER"] = "",
        ["AWS_MAX_ATTEMPTS"] = "1",
        ["AWS_EC2_METADATA_DISABLED"] = "true",
    };

    /// <summary>Nobody without a document of an enclave with these registers uses the key, whatever credentials they have.</summary>
    public static string AttestedOnly(KmsCredential admin, KmsCredential role) => $$$"""
        {"Version": "2012-10-17", "Statement": [
          {"Effect": "Allow", "Principal": {"AWS": "{{{admin.PrincipalArn}}}"}, "Action": ["kms:Describe*", "kms:Get*", "kms:PutKeyPolicy", "kms:EnableKey", "kms:DisableKey"], "Resource": "*"},
          {"Effect": "Allow", "Principal": {"AWS": "{{{role.PrincipalArn}}}"}, "Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Resource": "*",
           "Condition": {"StringEqualsIgnoreCase": {"kms:RecipientAttestation:PCR0": "{{{new string('1', 96)}}}"} } }]}
        """;
}
