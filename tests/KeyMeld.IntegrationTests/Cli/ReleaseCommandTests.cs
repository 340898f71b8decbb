using System.Security.Cryptography;
using System.Text.Json;
using KeyMeld.IntegrationTests.Support;

namespace KeyMeld.IntegrationTests.Cli;

/// <summary>A releaser's day: key, signature, and what clients do with it.</summary>
public sealed class ReleaseCommandTests : IDisposable
{
    private const string Arn = "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    private readonly string home = StackFixture.NewFolder("release");

    public void Dispose() => Directory.Delete(home, recursive: true);

    [Fact]
    public async Task A_release_is_signed_verified_and_accepted_by_a_profile_and_by_openssl_and_a_touched_one_is_not()
    {
        await PartsAsync();
        (await CliRun.OfAsync(home, "release", "key", "--out", "releaser.pem")).Succeeds();
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(home, "releaser.pem")));
        (await SignAsync()).Succeeds();

        var verified = (await CliRun.OfAsync(home, "release", "verify", "release.json", "--releaser", "releaser.pem.pub", "--json")).Succeeds();
        Assert.Equal(new string('a', 96), verified.Json("pcr0"));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(home, "enclave.yaml")))), verified.Json("configuration_digest"));
        Assert.Equal("1.0.0", (await CliRun.OfAsync(home, "release", "show", "release.json", "--json")).Succeeds().Json("version"));
        await OpensslAgreesAsync();

        // Trust is settled before the gateway is called: a gateway that is not there is all that is wrong.
        string[] connect = ["identity", "verify", "--gateway", $"http://127.0.0.1:{StackFixture.FreePort()}", "--release", "release.json"];
        (await CliRun.OfAsync(home, [.. connect, "--releaser", "releaser.pem.pub"])).FailsWith("gateway_unreachable");

        (await CliRun.OfAsync(home, "release", "key", "--out", "other.pem")).Succeeds();
        (await CliRun.OfAsync(home, "release", "verify", "release.json", "--releaser", "other.pem.pub")).FailsWith("release_invalid");
        (await CliRun.OfAsync(home, [.. connect, "--profile", "./second", "--releaser", "other.pem.pub"])).FailsWith("release_invalid");
        // The profile remembers its releaser: an unsigned release does not slip in behind it.
        File.Copy(Path.Combine(home, "release.json"), Path.Combine(home, "unsigned.json"));
        (await CliRun.OfAsync(home, "identity", "verify", "--release", "unsigned.json")).FailsWith("release_invalid");

        await File.AppendAllTextAsync(Path.Combine(home, "release.json"), " ", TestContext.Current.CancellationToken);
        (await CliRun.OfAsync(home, "release", "verify", "release.json", "--releaser", "releaser.pem.pub")).FailsWith("release_invalid");
        (await CliRun.OfAsync(home, connect)).FailsWith("release_invalid");
    }

    [Fact]
    public async Task A_releasers_key_under_a_passphrase_opens_under_no_other()
    {
        await PartsAsync();
        (await CliRun.OfAsync(home, Passphrase("right"), "release", "key", "--out", "releaser.pem")).Succeeds();
        Assert.Contains("ENCRYPTED PRIVATE KEY", await File.ReadAllTextAsync(Path.Combine(home, "releaser.pem"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
        (await SignAsync(Passphrase("wrong"))).FailsWith("passphrase_wrong");
        Assert.False(File.Exists(Path.Combine(home, "release.json")));
        (await SignAsync(Passphrase("right"))).Succeeds();
        // A key is never written over.
        (await CliRun.OfAsync(home, "release", "key", "--out", "releaser.pem")).FailsWith("file_failed");
        (await SignAsync(Passphrase("right"))).Succeeds();
    }

    [Fact]
    public async Task A_release_that_no_enclave_would_be_is_not_signed()
    {
        await PartsAsync();
        (await CliRun.OfAsync(home, "release", "key", "--out", "releaser.pem")).Succeeds();
        (await SignAsync(arn: Arn.Replace("1234abcd", "00000000", StringComparison.Ordinal))).FailsWith("release_invalid");
        await PartsAsync(pcr1: new string('0', 96));
        (await SignAsync()).FailsWith("release_invalid");
        Assert.False(File.Exists(Path.Combine(home, "release.json")));
        await PartsAsync();
        (await CliRun.OfAsync(home, "release", "sign", "--measurements", "measurements.json", "--config", "enclave.yaml", "--kms-key", Arn, "--version-name", "1",
            "--key", "releaser.pem.pub", "--out", "release.json")).FailsWith("key_file_invalid");
    }

    private static Dictionary<string, string> Passphrase(string passphrase) => new() { ["KEYMELD_PASSPHRASE"] = passphrase };

    private Task<CliRun> SignAsync(Dictionary<string, string>? environment = null, string arn = Arn) => CliRun.OfAsync(home, environment ?? [], "release", "sign",
        "--measurements", "measurements.json", "--config", "enclave.yaml", "--kms-key", arn, "--version-name", "1.0.0", "--key", "releaser.pem", "--out", "release.json");

    private async Task PartsAsync(string? pcr1 = null)
    {
        var measurements = new { Measurements = new { HashAlgorithm = "Sha384 { ... }", PCR0 = new string('a', 96), PCR1 = pcr1 ?? new string('b', 96), PCR2 = new string('c', 96) } };
        await File.WriteAllTextAsync(Path.Combine(home, "measurements.json"), JsonSerializer.Serialize(measurements), TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(home, "enclave.yaml"), $"mode: production\nkms: {{ key_id: \"{Arn}\" }}\n", TestContext.Current.CancellationToken);
    }

    private async Task OpensslAgreesAsync()
    {
        using var openssl = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(
            "openssl", ["dgst", "-sha384", "-verify", "releaser.pem.pub", "-signature", "release.json.sig", "release.json"])
        { WorkingDirectory = home, RedirectStandardOutput = true })!;
        await openssl.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, openssl.ExitCode);
    }
}
