using System.Text;
using System.Text.Json;
using KeyMeld.DevKit.Kms;
using KeyMeld.DevKit.Kms.Authentication;
using KeyMeld.DevKit.Kms.Keys;
using KeyMeld.Tests.DevKit.Kms.Support;

namespace KeyMeld.Tests.DevKit.Kms;

/// <summary>What is in the data directory: it outlives the process, nobody else reads it, and damage is never taken for emptiness.</summary>
public sealed class KmsStateTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Keys_policies_aliases_and_credentials_survive_a_restart()
    {
        var folder = RunningKms.NewFolder();
        var first = await RunningKms.StartAsync(new KmsEmulatorOptions { DataDirectory = folder });
        var arn = await first.CreateKeyAsync();
        var disabled = await first.CreateKeyAsync();
        var policy = """{"Statement":{"Effect":"Allow","Principal":{"AWS":"000000000000"},"Action":"kms:*","Resource":"*"}}""";
        await first.Admin.PutKeyPolicyAsync(new() { KeyId = arn, Policy = policy }, Cancellation);
        await first.Admin.CreateAliasAsync("alias/a", arn, Cancellation);
        await first.Admin.DisableKeyAsync(disabled, Cancellation);
        var made = await first.Enclave.GenerateDataKeyAsync(new() { KeyId = "alias/a", NumberOfBytes = 32 }, Cancellation);
        var described = (await first.Admin.DescribeKeyAsync(disabled, Cancellation)).KeyMetadata;
        await first.StopAsync();

        await using var second = await RunningKms.StartAsync(new KmsEmulatorOptions { DataDirectory = folder });
        Assert.Equal(first.Emulator.Credentials.Enclave.SecretAccessKey, second.Emulator.Credentials.Enclave.SecretAccessKey);
        var opened = await second.Enclave.DecryptAsync(new() { KeyId = "alias/a", CiphertextBlob = made.CiphertextBlob }, Cancellation);
        Assert.Equal(made.Plaintext.ToArray(), opened.Plaintext.ToArray());
        Assert.Equal(policy, (await second.Admin.GetKeyPolicyAsync(new() { KeyId = arn }, Cancellation)).Policy);
        var again = (await second.Admin.DescribeKeyAsync(disabled, Cancellation)).KeyMetadata;
        Assert.Equal(
            (described.KeyState, described.CreationDate, described.CurrentKeyMaterialId), (again.KeyState, again.CreationDate, again.CurrentKeyMaterialId));
    }

    [Fact]
    public async Task Every_file_is_its_owners_alone()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Unix modes");
        await using var kms = await RunningKms.StartAsync();
        await kms.CreateKeyAsync();
        foreach (var file in new[] { "kms.json", "kms-credentials.json", "kms-events.jsonl" })
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(kms.Folder, file)));
    }

    [Fact]
    public async Task Credentials_are_made_at_the_first_start_and_read_by_others()
    {
        await using var kms = await RunningKms.StartAsync();
        await using var other = await RunningKms.StartAsync();
        var read = KmsCredentials.Load(kms.Folder);
        Assert.Equal(["admin", "enclave"], read.All.Select(credential => credential.Name));
        Assert.Equal(kms.Emulator.Credentials.Admin.SecretAccessKey, read.Admin.SecretAccessKey);
        Assert.Equal(kms.Emulator.Credentials.Enclave.SessionToken, read.Enclave.SessionToken);
        Assert.NotEqual(other.Emulator.Credentials.Admin.SecretAccessKey, read.Admin.SecretAccessKey);
        Assert.Matches("^AKIA[A-Z2-7]{16}$", read.Admin.AccessKeyId);
        Assert.Matches("^ASIA[A-Z2-7]{16}$", read.Enclave.AccessKeyId);
        Assert.Equal(40, read.Enclave.SecretAccessKey.Length);
        Assert.DoesNotContain(read.Enclave.SecretAccessKey, $"{read.Enclave}", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("kms.json", "")]
    [InlineData("kms.json", "{}")]
    [InlineData("kms.json", """{"version":2,"keys":[],"aliases":[]}""")]
    [InlineData("kms.json", """{"version":1,"keys":[],"aliases":[],"more":1}""")]
    [InlineData("kms.json", """{"version":1,"keys":[{"key_id":"a"}],"aliases":[]}""")]
    [InlineData("kms-credentials.json", "")]
    [InlineData("kms-credentials.json", "[]")]
    [InlineData("kms-credentials.json", """{"credentials":[]}""")]
    [InlineData("kms-credentials.json", """{"credentials":[{"name":"admin"}]}""")]
    public async Task A_file_that_cannot_be_read_stops_the_start_and_stays_as_it_is(string name, string content)
    {
        var folder = RunningKms.NewFolder();
        var path = Path.Combine(folder, name);
        await File.WriteAllTextAsync(path, content, Cancellation);
        var error = await Assert.ThrowsAsync<InvalidDataException>(() => KmsEmulator.StartAsync(new() { DataDirectory = folder }, Cancellation));
        Assert.Contains(name, error.Message, StringComparison.Ordinal);
        Assert.Equal(content, await File.ReadAllTextAsync(path, Cancellation));

        // Nothing is left running or locked: with the file out of the way it starts.
        File.Delete(path);
        await using var kms = await RunningKms.StartAsync(new KmsEmulatorOptions { DataDirectory = folder });
        Assert.NotNull(await kms.CreateKeyAsync());
    }

    [Fact]
    public async Task One_emulator_at_a_time_holds_a_folder()
    {
        await using var kms = await RunningKms.StartAsync();
        var error = await Assert.ThrowsAsync<IOException>(() => KmsEmulator.StartAsync(new() { DataDirectory = kms.Folder }, Cancellation));
        Assert.Contains("Another KMS emulator", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_in_use_is_told_and_frees_the_folder()
    {
        await using var kms = await RunningKms.StartAsync();
        var folder = RunningKms.NewFolder();
        await Assert.ThrowsAsync<IOException>(() => KmsEmulator.StartAsync(new() { DataDirectory = folder, Port = kms.Emulator.Endpoint.Port }, Cancellation));
        await using var other = await RunningKms.StartAsync(new KmsEmulatorOptions { DataDirectory = folder });
        Assert.NotEqual(kms.Emulator.Endpoint, other.Emulator.Endpoint);
    }

    [Fact]
    public void A_change_that_cannot_be_written_is_refused_and_has_not_happened()
    {
        var folder = RunningKms.NewFolder();
        using var store = new KmsStore(folder, TimeProvider.System);
        // A folder in the place of the temporary file makes the write fail.
        Directory.CreateDirectory(Path.Combine(folder, "kms.json.tmp", "x"));
        Assert.ThrowsAny<Exception>(() => store.Update(state => state with { Version = 1 }));
        Assert.False(File.Exists(Path.Combine(folder, "kms.json")));
        Directory.Delete(Path.Combine(folder, "kms.json.tmp"), recursive: true);
        store.Update(state => state);
        using var written = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "kms.json")));
        Assert.Equal(1, written.RootElement.GetProperty("version").GetInt32());
    }

    [Fact]
    public async Task Requests_at_the_same_time_lose_nothing()
    {
        await using var kms = await RunningKms.StartAsync();
        var arns = await Task.WhenAll(Enumerable.Range(0, 40).Select(async index =>
        {
            var arn = await kms.CreateKeyAsync();
            await kms.Admin.CreateAliasAsync($"alias/{index}", arn, Cancellation);
            var blob = (await kms.Enclave.EncryptAsync(
                new() { KeyId = $"alias/{index}", Plaintext = new(Encoding.ASCII.GetBytes($"{index}")) }, Cancellation)).CiphertextBlob;
            var opened = await kms.Enclave.DecryptAsync(new() { KeyId = arn, CiphertextBlob = blob }, Cancellation);
            Assert.Equal($"{index}", Encoding.ASCII.GetString(opened.Plaintext.ToArray()));
            return arn;
        }));
        await kms.StopAsync();
        using var store = new KmsStore(kms.Folder, TimeProvider.System);
        Assert.Equal(arns.Order(), store.Current.Keys.Values.Select(key => key.Arn).Order());
        Assert.Equal(40, store.Current.Aliases.Count);
        Assert.Equal(40, kms.Emulator.Calls["Decrypt"]);
        Assert.Equal(160, kms.Events.Count);
    }
}
