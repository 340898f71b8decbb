using System.Collections;
using KeyMeld.Protocol.Errors;
using KeyMeld.Wire.V1;

namespace KeyMeld.Gateway.Fleet;

/// <summary>The AWS credentials the enclaves call KMS with, from this process's environment. Without attestation they open nothing.</summary>
internal static class CredentialsOfEnvironment
{
    /// <exception cref="KeyMeldException">configuration_invalid: half of a pair.</exception>
    public static AwsCredentials Read(IDictionary environment)
    {
        var key = Value(environment, "AWS_ACCESS_KEY_ID");
        var secret = Value(environment, "AWS_SECRET_ACCESS_KEY");
        if (key.Length == 0 != (secret.Length == 0))
        {
            throw new KeyMeldException(ErrorCodes.ConfigurationInvalid, "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY belong together: set both or neither.");
        }
        return new AwsCredentials { AccessKeyId = key, SecretAccessKey = secret, SessionToken = Value(environment, "AWS_SESSION_TOKEN") };
    }

    private static string Value(IDictionary environment, string name) => (string?)environment[name] ?? "";
}
