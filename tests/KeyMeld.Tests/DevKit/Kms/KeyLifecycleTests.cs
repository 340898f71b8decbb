using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using KeyMeld.DevKit.Kms;
using KeyMeld.Tests.DevKit.Kms.Support;
using Microsoft.Extensions.Time.Testing;

namespace KeyMeld.Tests.DevKit.Kms;

/// <summary>Keys from creation to deletion, and the aliases that name them.</summary>
public sealed class KeyLifecycleTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_new_key_is_described_as_aws_describes_a_symmetric_key()
    {
        await using var kms = await RunningKms.StartAsync();
        var before = DateTimeOffset.UtcNow;
        var created = (await kms.Admin.CreateKeyAsync(
            new()
            {
                Description = "sealing",
                KeyUsage = KeyUsageType.ENCRYPT_DECRYPT,
                KeySpec = KeySpec.SYMMETRIC_DEFAULT,
                Tags = [new() { TagKey = "team", TagValue = "keymeld" }],
            }, Cancellation)).KeyMetadata;
        var described = (await kms.Admin.DescribeKeyAsync(created.KeyId, Cancellation)).KeyMetadata;
        Assert.Equal($"arn:aws:kms:us-west-2:000000000000:key/{created.KeyId}", created.Arn);
        Assert.Equal((created.Arn, "sealing", "000000000000"), (described.Arn, described.Description, described.AWSAccountId));
        Assert.Equal((KeyState.Enabled, true, KeyManagerType.CUSTOMER), (described.KeyState, described.Enabled!.Value, described.KeyManager));
        Assert.Equal((KeySpec.SYMMETRIC_DEFAULT, KeyUsageType.ENCRYPT_DECRYPT, OriginType.AWS_KMS), (described.KeySpec, described.KeyUsage, described.Origin));
        Assert.Equal(["SYMMETRIC_DEFAULT"], described.EncryptionAlgorithms);
        Assert.False(described.MultiRegion);
        Assert.Null(described.DeletionDate);
        Assert.Matches("^[0-9a-f]{64}$", described.CurrentKeyMaterialId);
        Assert.InRange(described.CreationDate!.Value.ToUniversalTime(), before.UtcDateTime.AddSeconds(-1), DateTimeOffset.UtcNow.UtcDateTime.AddSeconds(1));
    }

    [Fact]
    public async Task Keys_of_other_kinds_are_refused_as_unsupported()
    {
        await using var kms = await RunningKms.StartAsync();
        CreateKeyRequest[] others =
        [
            new() { KeySpec = KeySpec.RSA_2048, KeyUsage = KeyUsageType.ENCRYPT_DECRYPT },
            new() { KeySpec = KeySpec.ECC_SECG_P256K1, KeyUsage = KeyUsageType.SIGN_VERIFY },
            new() { KeySpec = KeySpec.HMAC_256, KeyUsage = KeyUsageType.GENERATE_VERIFY_MAC },
            new() { MultiRegion = true },
            new() { Origin = OriginType.EXTERNAL },
            new() { CustomKeyStoreId = "cks-1" },
        ];
        foreach (var other in others)
            await Assert.ThrowsAsync<UnsupportedOperationException>(() => kms.Admin.CreateKeyAsync(other, Cancellation));
        Assert.Empty((await kms.Admin.ListKeysAsync(new ListKeysRequest(), Cancellation)).Keys ?? []);
    }

    [Fact]
    public async Task Listing_pages_through_all_keys_and_aliases_once()
    {
        await using var kms = await RunningKms.StartAsync();
        var arns = new List<string>();
        for (var index = 0; index < 7; index++)
        {
            arns.Add(await kms.CreateKeyAsync());
            await kms.Admin.CreateAliasAsync($"alias/key-{index}", arns[^1], Cancellation);
        }

        var (keys, aliases) = (new List<string>(), new List<string>());
        await foreach (var key in kms.Admin.Paginators.ListKeys(new() { Limit = 3 }).Keys.WithCancellation(Cancellation))
            keys.Add(key.KeyArn);
        await foreach (var alias in kms.Admin.Paginators.ListAliases(new() { Limit = 2 }).Aliases.WithCancellation(Cancellation))
            aliases.Add(alias.AliasName);
        Assert.Equal(arns.Order(), keys.Order());
        Assert.Equal(Enumerable.Range(0, 7).Select(index => $"alias/key-{index}"), aliases);

        var first = await kms.Admin.ListKeysAsync(new ListKeysRequest { Limit = 7 }, Cancellation);
        Assert.False(first.Truncated);
        Assert.Null(first.NextMarker);
        Assert.Equal(
            "alias/key-4", Assert.Single((await kms.Admin.ListAliasesAsync(new ListAliasesRequest { KeyId = arns[4] }, Cancellation)).Aliases).AliasName);
        await Assert.ThrowsAsync<InvalidMarkerException>(() => kms.Admin.ListKeysAsync(new ListKeysRequest { Marker = "?" }, Cancellation));
    }

    [Fact]
    public async Task An_alias_moves_and_goes_and_is_taken_once()
    {
        await using var kms = await RunningKms.StartAsync();
        var (one, other) = (await kms.CreateKeyAsync(), await kms.CreateKeyAsync());
        await kms.Admin.CreateAliasAsync("alias/a", one, Cancellation);
        await Assert.ThrowsAsync<AlreadyExistsException>(() => kms.Admin.CreateAliasAsync("alias/a", other, Cancellation));
        Assert.Equal(one, (await kms.Admin.DescribeKeyAsync("alias/a", Cancellation)).KeyMetadata.Arn);
        await kms.Admin.UpdateAliasAsync("alias/a", other, Cancellation);
        Assert.Equal(other, (await kms.Admin.DescribeKeyAsync("alias/a", Cancellation)).KeyMetadata.Arn);
        await kms.Admin.DeleteAliasAsync("alias/a", Cancellation);
        var gone = await Assert.ThrowsAsync<NotFoundException>(() => kms.Admin.DescribeKeyAsync("alias/a", Cancellation));
        Assert.Equal("Alias arn:aws:kms:us-west-2:000000000000:alias/a is not found.", gone.Message);
        await Assert.ThrowsAsync<NotFoundException>(() => kms.Admin.UpdateAliasAsync("alias/a", one, Cancellation));
        await Assert.ThrowsAsync<NotFoundException>(() => kms.Admin.DeleteAliasAsync("alias/a", Cancellation));
    }

    [Theory]
    [InlineData("alias/", "InvalidAliasNameException")]
    [InlineData("alias/aws/mine", "InvalidAliasNameException")]
    [InlineData("alias/a b", "InvalidAliasNameException")]
    [InlineData("key", "ValidationException")]
    public async Task An_alias_name_out_of_form_is_refused(string name, string code)
    {
        await using var kms = await RunningKms.StartAsync();
        var arn = await kms.CreateKeyAsync();
        Assert.Equal(
            code, await Refusal.CodeAsync(() => kms.Admin.CreateAliasAsync(name, arn, Cancellation)));
    }

    [Fact]
    public async Task A_disabled_key_does_nothing_until_it_is_enabled_again()
    {
        await using var kms = await RunningKms.StartAsync();
        var arn = await kms.CreateKeyAsync();
        var blob = (await kms.Admin.EncryptAsync(new() { KeyId = arn, Plaintext = new([1]) }, Cancellation)).CiphertextBlob;
        await kms.Admin.DisableKeyAsync(arn, Cancellation);
        Assert.Equal(KeyState.Disabled, (await kms.Admin.DescribeKeyAsync(arn, Cancellation)).KeyMetadata.KeyState);

        var use = await Use(kms, arn, blob);
        Assert.All(use, outcome => Assert.Equal(("DisabledException", $"{arn} is disabled."), outcome));
        await kms.Admin.EnableKeyAsync(arn, Cancellation);
        Assert.Equal([1], (await kms.Admin.DecryptAsync(new() { CiphertextBlob = blob }, Cancellation)).Plaintext.ToArray());
    }

    [Fact]
    public async Task A_key_pending_deletion_does_nothing_and_comes_back_disabled()
    {
        await using var kms = await RunningKms.StartAsync();
        var arn = await kms.CreateKeyAsync();
        await kms.Admin.CreateAliasAsync("alias/a", await kms.CreateKeyAsync(), Cancellation);
        var blob = (await kms.Admin.EncryptAsync(new() { KeyId = arn, Plaintext = new([1]) }, Cancellation)).CiphertextBlob;
        var scheduled = await kms.Admin.ScheduleKeyDeletionAsync(new ScheduleKeyDeletionRequest { KeyId = arn, PendingWindowInDays = 7 }, Cancellation);
        Assert.Equal((arn, KeyState.PendingDeletion, 7), (scheduled.KeyId, scheduled.KeyState, scheduled.PendingWindowInDays!.Value));
        Assert.Equal(scheduled.DeletionDate, (await kms.Admin.DescribeKeyAsync(arn, Cancellation)).KeyMetadata.DeletionDate);

        (string Code, string Text) pending = ("KMSInvalidStateException", $"{arn} is pending deletion.");
        Assert.All(await Use(kms, arn, blob), outcome => Assert.Equal(pending, outcome));
        Assert.Equal(pending, await Outcome(() => kms.Admin.EnableKeyAsync(arn, Cancellation)));
        Assert.Equal(pending, await Outcome(() => kms.Admin.DisableKeyAsync(arn, Cancellation)));
        Assert.Equal(pending, await Outcome(() => kms.Admin.ScheduleKeyDeletionAsync(arn, 7, Cancellation)));
        Assert.Equal(pending, await Outcome(() => kms.Admin.CreateAliasAsync("alias/b", arn, Cancellation)));
        Assert.Equal(pending, await Outcome(() => kms.Admin.UpdateAliasAsync("alias/a", arn, Cancellation)));

        Assert.Equal(arn, (await kms.Admin.CancelKeyDeletionAsync(arn, Cancellation)).KeyId);
        Assert.Equal(KeyState.Disabled, (await kms.Admin.DescribeKeyAsync(arn, Cancellation)).KeyMetadata.KeyState);
        Assert.Equal("KMSInvalidStateException", (await Outcome(() => kms.Admin.CancelKeyDeletionAsync(arn, Cancellation))).Code);
        await kms.Admin.EnableKeyAsync(arn, Cancellation);
        Assert.Equal([1], (await kms.Admin.DecryptAsync(new() { CiphertextBlob = blob }, Cancellation)).Plaintext.ToArray());
    }

    [Theory]
    [InlineData(6)]
    [InlineData(31)]
    public async Task A_waiting_period_is_seven_to_thirty_days(int days)
    {
        await using var kms = await RunningKms.StartAsync();
        var arn = await kms.CreateKeyAsync();
        Assert.Equal("ValidationException", (await Outcome(() => kms.Admin.ScheduleKeyDeletionAsync(arn, days, Cancellation))).Code);
        Assert.Equal(KeyState.Enabled, (await kms.Admin.DescribeKeyAsync(arn, Cancellation)).KeyMetadata.KeyState);
    }

    [Fact]
    public async Task After_the_waiting_period_the_key_its_blobs_and_its_aliases_are_gone()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var kms = await RunningKms.StartAsync(new KmsEmulatorOptions { DataDirectory = RunningKms.NewFolder(), TimeProvider = clock });
        var raw = kms.Raw(kms.Emulator.Credentials.Admin);
        async Task<RawAnswer> Call(string operation, string body) => await raw.SendAsync(new(operation, body) { Time = clock.GetUtcNow() });
        var arn = (await Call("CreateKey", "{}")).Json.GetProperty("KeyMetadata").GetProperty("Arn").GetString()!;
        await Call("CreateAlias", $$"""{"AliasName":"alias/a","TargetKeyId":"{{arn}}"}""");
        var blob = (await Call("Encrypt", $$"""{"KeyId":"{{arn}}","Plaintext":"AQ=="}""")).Json.GetProperty("CiphertextBlob").GetString();
        await Call("ScheduleKeyDeletion", $$"""{"KeyId":"{{arn}}"}""");

        clock.Advance(TimeSpan.FromDays(29.9));
        Assert.Equal("KMSInvalidStateException", (await Call("Decrypt", $$"""{"CiphertextBlob":"{{blob}}"}""")).Code);
        clock.Advance(TimeSpan.FromDays(0.2));
        Assert.Equal("AccessDeniedException", (await Call("Decrypt", $$"""{"CiphertextBlob":"{{blob}}"}""")).Code);
        Assert.Equal("NotFoundException", (await Call("DescribeKey", $$"""{"KeyId":"{{arn}}"}""")).Code);
        Assert.Equal("NotFoundException", (await Call("DescribeKey", """{"KeyId":"alias/a"}""")).Code);
        Assert.Equal(0, (await Call("ListKeys", "{}")).Json.GetProperty("Keys").GetArrayLength());
    }

    private static async Task<List<(string, string)>> Use(RunningKms kms, string arn, MemoryStream blob) =>
    [
        await Outcome(() => kms.Admin.EncryptAsync(new() { KeyId = arn, Plaintext = new([1]) }, Cancellation)),
        await Outcome(() => kms.Admin.DecryptAsync(new() { KeyId = arn, CiphertextBlob = blob }, Cancellation)),
        await Outcome(() => kms.Admin.DecryptAsync(new() { CiphertextBlob = blob }, Cancellation)),
        await Outcome(() => kms.Admin.GenerateDataKeyAsync(new() { KeyId = arn, NumberOfBytes = 1 }, Cancellation)),
        await Outcome(() => kms.Admin.GenerateDataKeyWithoutPlaintextAsync(new() { KeyId = arn, NumberOfBytes = 1 }, Cancellation)),
        await Outcome(() => kms.Admin.ReEncryptAsync(new() { CiphertextBlob = blob, DestinationKeyId = arn }, Cancellation)),
    ];

    private static async Task<(string Code, string Text)> Outcome(Func<Task> call)
    {
        var refused = await Refusal.OfAsync(call);
        return (refused.ErrorCode, refused.Message);
    }
}
