using System.Text.Json;
using KeyMeld.DevKit.Kms.Authentication;
using KeyMeld.Tests.DevKit.Kms.Support;

namespace KeyMeld.Tests.DevKit.Kms;

/// <summary>The AWS command line (Debian's awscli) as an operator uses it, against the emulator.</summary>
public sealed class AwsCliTests
{
    // Debian's own: a shim of some version manager may come first on the path.
    private const string Aws = "/usr/bin/aws";

    [Fact]
    public async Task The_aws_command_line_makes_a_key_uses_it_and_is_denied_as_by_AWS()
    {
        await using var kms = await RunningKms.StartAsync();
        var (admin, role) = (kms.Emulator.Credentials.Admin, kms.Emulator.Credentials.Enclave);
        var arn = (await AwsAsync(kms, role, "create-key", "--description", "cli")).GetProperty("KeyMetadata").GetProperty("Arn").GetString()!;
        await AwsAsync(kms, role, "create-alias", "--alias-name", "alias/cli", "--target-key-id", arn);
        Assert.Equal(1, (await AwsAsync(kms, role, "list-aliases")).GetProperty("Aliases").GetArrayLength());
        var made = await AwsAsync(kms, role, "generate-data-key", "--key-id", "alias/cli", "--key-spec", "AES_256", "--encryption-context", "app=keymeld");
        var blob = Path.Combine(kms.Folder, "blob");
        await File.WriteAllBytesAsync(blob, made.GetProperty("CiphertextBlob").GetBytesFromBase64(), TestContext.Current.CancellationToken);
        string[] decrypt = ["decrypt", "--ciphertext-blob", "fileb://" + blob, "--encryption-context", "app=keymeld", "--key-id", arn];
        var opened = await AwsAsync(kms, role, decrypt);
        Assert.Equal(made.GetProperty("Plaintext").GetString(), opened.GetProperty("Plaintext").GetString());
        Assert.Equal(arn, opened.GetProperty("KeyId").GetString());
        await RefusedAsync("InvalidCiphertextException", kms, role, "decrypt", "--ciphertext-blob", "fileb://" + blob);

        await AwsAsync(kms, admin, "disable-key", "--key-id", arn);
        await RefusedAsync("DisabledException", kms, role, decrypt);
        await AwsAsync(kms, admin, "enable-key", "--key-id", arn);
        await AwsAsync(kms, role, decrypt);

        var policy = AwsEnvironment.AttestedOnly(admin, role);
        await AwsAsync(kms, admin, "put-key-policy", "--key-id", arn, "--policy-name", "default", "--policy", policy);
        var stored = (await AwsAsync(kms, admin, "get-key-policy", "--key-id", arn, "--policy-name", "default")).GetProperty("Policy").GetString()!;
        Assert.Equal(JsonSerializer.Serialize(JsonDocument.Parse(policy).RootElement), JsonSerializer.Serialize(JsonDocument.Parse(stored).RootElement));
        await RefusedAsync("AccessDeniedException", kms, role, decrypt);
        await RefusedAsync("AccessDeniedException", kms, admin, decrypt);
        await RefusedAsync("AccessDeniedException", kms, role, "generate-data-key", "--key-id", arn, "--key-spec", "AES_256");
    }

    private static async Task<JsonElement> AwsAsync(RunningKms kms, KmsCredential credential, params string[] arguments)
    {
        var (exitCode, output, error) = await RunAsync(kms, credential, arguments);
        Assert.True(exitCode == 0, error);
        return output.Length == 0 ? default : JsonDocument.Parse(output).RootElement.Clone();
    }

    private static async Task RefusedAsync(string code, RunningKms kms, KmsCredential credential, params string[] arguments)
    {
        var (exitCode, output, error) = await RunAsync(kms, credential, arguments);
        Assert.NotEqual(0, exitCode);
        Assert.Equal("", output);
        Assert.Contains(code, error, StringComparison.Ordinal);
    }

    private static Task<(int ExitCode, string Output, string Error)> RunAsync(RunningKms kms, KmsCredential credential, params string[] arguments) => Tool.TryRunAsync(
        Aws, ["kms", .. arguments, "--endpoint-url", kms.Emulator.Endpoint.ToString(), "--region", "us-west-2", "--output", "json"], AwsEnvironment.Of(credential));
}
