using System.Text.Json;
using KeyMeld.Tests.DevKit.Kms.Support;

namespace KeyMeld.Tests.DevKit.Kms;

/// <summary>The AWS command line as a second, independent client.</summary>
public sealed class AwsCliTests
{
    [Fact]
    public async Task The_aws_command_line_makes_a_key_and_uses_it()
    {
        await using var kms = await RunningKms.StartAsync();
        var arn = (await AwsAsync(kms, "create-key", "--description", "cli")).GetProperty("KeyMetadata").GetProperty("Arn").GetString()!;
        await AwsAsync(kms, "create-alias", "--alias-name", "alias/cli", "--target-key-id", arn);
        var made = await AwsAsync(kms, "generate-data-key", "--key-id", "alias/cli", "--key-spec", "AES_256", "--encryption-context", "app=keymeld");
        var blob = Path.Combine(kms.Folder, "blob");
        await File.WriteAllBytesAsync(blob, made.GetProperty("CiphertextBlob").GetBytesFromBase64(), TestContext.Current.CancellationToken);
        var opened = await AwsAsync(kms, "decrypt", "--ciphertext-blob", "fileb://" + blob, "--encryption-context", "app=keymeld");
        Assert.Equal(made.GetProperty("Plaintext").GetString(), opened.GetProperty("Plaintext").GetString());
        Assert.Equal(arn, opened.GetProperty("KeyId").GetString());
        Assert.Equal(1, (await AwsAsync(kms, "list-aliases")).GetProperty("Aliases").GetArrayLength());

        var (exitCode, _, error) = await RunAsync(kms, "decrypt", "--ciphertext-blob", "fileb://" + blob);
        Assert.NotEqual(0, exitCode);
        Assert.Contains("InvalidCiphertextException", error, StringComparison.Ordinal);
    }

    private static async Task<JsonElement> AwsAsync(RunningKms kms, params string[] arguments)
    {
        var (exitCode, output, error) = await RunAsync(kms, arguments);
        Assert.True(exitCode == 0, error);
        return output.Length == 0 ? default : JsonDocument.Parse(output).RootElement.Clone();
    }

    private static Task<(int ExitCode, string Output, string Error)> RunAsync(RunningKms kms, params string[] arguments)
    {
        var credential = kms.Emulator.Credentials.Enclave;
        return Tool.TryRunAsync(
            "aws",
            ["kms", .. arguments, "--endpoint-url", kms.Emulator.Endpoint.ToString(), "--region", "us-west-2", "--output", "json"],
            new Dictionary<string, string?>
            {
                ["AWS_ACCESS_KEY_ID"] = credential.AccessKeyId,
                ["AWS_SECRET_ACCESS_KEY"] = credential.SecretAccessKey,
                ["AWS_SESSION_TOKEN"] = credential.SessionToken,
                ["AWS_CONFIG_FILE"] = "/dev/null",
                ["AWS_SHARED_CREDENTIALS_FILE"] = "/dev/null",
                ["AWS_PAGER"] = "",
            });
    }
}
