using System.Text.Json;
using KeyMeld.Tests.DevKit.Kms.Support;

namespace KeyMeld.Tests.DevKit.Kms;

/// <summary>AWS's Python client (Debian's python3-boto3): a third implementation of signing and parsing, one process for the whole story.</summary>
public sealed class Boto3Tests
{
    private const string Python = "/usr/bin/python3";

    private const string Story = """
        import json, os, sys
        try:
            import boto3, botocore
        except ImportError:
            sys.exit(77)
        endpoint, policy = sys.argv[1:]
        def client(prefix):
            return boto3.client("kms", region_name="us-west-2", endpoint_url=endpoint, aws_access_key_id=os.environ[prefix + "_ID"],
                aws_secret_access_key=os.environ[prefix + "_SECRET"], aws_session_token=os.environ.get(prefix + "_TOKEN") or None)
        admin, role = client("ADMIN"), client("ROLE")
        def refused(call, **arguments):
            try:
                call(**arguments)
                return "answered"
            except botocore.exceptions.ClientError as error:
                return error.response["Error"]["Code"]
        told = {}
        arn = role.create_key(Description="boto3")["KeyMetadata"]["Arn"]
        role.create_alias(AliasName="alias/boto3", TargetKeyId=arn)
        context = {"app": "keymeld", "enclave_id": "0"}
        made = role.generate_data_key(KeyId="alias/boto3", KeySpec="AES_256", EncryptionContext=context)
        opened = role.decrypt(CiphertextBlob=made["CiphertextBlob"], KeyId=arn, EncryptionContext=dict(reversed(list(context.items()))))
        told["same key"] = opened["Plaintext"] == made["Plaintext"] and len(made["Plaintext"]) == 32 and opened["KeyId"] == arn
        told["other context"] = refused(role.decrypt, CiphertextBlob=made["CiphertextBlob"], KeyId=arn, EncryptionContext={"app": "KeyMeld", "enclave_id": "0"})
        told["other key"] = refused(role.decrypt, CiphertextBlob=made["CiphertextBlob"], KeyId=role.create_key()["KeyMetadata"]["Arn"], EncryptionContext=context)
        told["unknown key"] = refused(role.describe_key, KeyId=arn[:-12] + "000000000000")
        told["bad size"] = refused(role.generate_random, NumberOfBytes=1025)
        admin.disable_key(KeyId=arn)
        told["disabled"] = refused(role.decrypt, CiphertextBlob=made["CiphertextBlob"], KeyId=arn, EncryptionContext=context)
        admin.enable_key(KeyId=arn)
        told["enabled"] = refused(role.decrypt, CiphertextBlob=made["CiphertextBlob"], KeyId=arn, EncryptionContext=context)
        admin.put_key_policy(KeyId=arn, PolicyName="default", Policy=policy)
        told["policy"] = json.loads(admin.get_key_policy(KeyId=arn, PolicyName="default")["Policy"]) == json.loads(policy)
        told["denied decrypt"] = refused(role.decrypt, CiphertextBlob=made["CiphertextBlob"], KeyId=arn, EncryptionContext=context)
        told["denied data key"] = refused(role.generate_data_key, KeyId=arn, KeySpec="AES_256")
        told["denied encrypt"] = refused(admin.encrypt, KeyId=arn, Plaintext=b"x")
        told["wrong secret"] = refused(boto3.client("kms", region_name="us-west-2", endpoint_url=endpoint, aws_access_key_id=os.environ["ADMIN_ID"],
            aws_secret_access_key="wrong").list_keys)
        print(json.dumps(told))
        """;

    [Fact]
    public async Task Boto3_makes_a_key_uses_it_and_is_denied_as_by_AWS()
    {
        await using var kms = await RunningKms.StartAsync();
        var (admin, role) = (kms.Emulator.Credentials.Admin, kms.Emulator.Credentials.Enclave);
        var environment = AwsEnvironment.Of(role);
        foreach (var (prefix, credential) in new[] { ("ADMIN", admin), ("ROLE", role) })
        {
            environment[prefix + "_ID"] = credential.AccessKeyId;
            environment[prefix + "_SECRET"] = credential.SecretAccessKey;
            environment[prefix + "_TOKEN"] = credential.SessionToken ?? "";
        }
        var (exitCode, output, error) = await Tool.TryRunAsync(
            Python, ["-c", Story, kms.Emulator.Endpoint.ToString(), AwsEnvironment.AttestedOnly(admin, role)], environment);
        if (exitCode == 77)
            Tool.Missing("python3-boto3");
        Assert.True(exitCode == 0, error);
        var told = JsonDocument.Parse(output).RootElement.EnumerateObject().ToDictionary(member => member.Name, member => member.Value.ToString());
        Assert.Equal(
            new Dictionary<string, string>
            {
                ["same key"] = "True",
                ["other context"] = "InvalidCiphertextException",
                ["other key"] = "IncorrectKeyException",
                ["unknown key"] = "NotFoundException",
                ["bad size"] = "ValidationException",
                ["disabled"] = "DisabledException",
                ["enabled"] = "answered",
                ["policy"] = "True",
                ["denied decrypt"] = "AccessDeniedException",
                ["denied data key"] = "AccessDeniedException",
                ["denied encrypt"] = "AccessDeniedException",
                ["wrong secret"] = "InvalidSignatureException",
            },
            told);
    }
}
