using Amazon.KeyManagementService.Model;
using KeyMeld.DevKit.Kms.Authentication;
using KeyMeld.Tests.DevKit.Kms.Support;

namespace KeyMeld.Tests.DevKit.Kms;

/// <summary>Key policies at work: who is let in, what the refusals say, and what cannot be put.</summary>
public sealed class KeyPolicyOperationsTests
{
    private const string Admin = "arn:aws:iam::000000000000:user/keymeld-admin";
    private const string Enclave = "arn:aws:iam::000000000000:role/keymeld-enclave";
    private const string EnclaveSession = "arn:aws:sts::000000000000:assumed-role/keymeld-enclave/i-0123456789abcdef0";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Without_a_policy_the_account_may_do_everything()
    {
        await using var kms = await RunningKms.StartAsync();
        var arn = await kms.CreateKeyAsync();
        var policy = await kms.Enclave.GetKeyPolicyAsync(new GetKeyPolicyRequest { KeyId = arn, PolicyName = "default" }, Cancellation);
        Assert.Equal("default", policy.PolicyName);
        Assert.Contains("arn:aws:iam::000000000000:root", policy.Policy, StringComparison.Ordinal);
        await kms.Enclave.GenerateDataKeyAsync(new() { KeyId = arn, NumberOfBytes = 1 }, Cancellation);
    }

    [Fact]
    public async Task A_policy_is_given_back_byte_for_byte_and_obeyed_from_the_next_request_on()
    {
        await using var kms = await RunningKms.StartAsync();
        var arn = await kms.CreateKeyAsync();
        var policy = $$"""{ "Statement": [ {{Allow(Admin, "kms:*")}},   {{Allow(Enclave, "kms:Encrypt")}} ] }""";
        await kms.Admin.PutKeyPolicyAsync(new PutKeyPolicyRequest { KeyId = arn, Policy = policy }, Cancellation);
        Assert.Equal(policy, (await kms.Admin.GetKeyPolicyAsync(new GetKeyPolicyRequest { KeyId = arn }, Cancellation)).Policy);

        var blob = (await kms.Enclave.EncryptAsync(new() { KeyId = arn, Plaintext = new([1]) }, Cancellation)).CiphertextBlob;
        var denied = await Refusal.OfAsync(
            () => kms.Enclave.DecryptAsync(new() { KeyId = arn, CiphertextBlob = blob }, Cancellation));
        Assert.Equal("AccessDeniedException", denied.ErrorCode);
        var reason = "because no resource-based policy allows the kms:Decrypt action";
        Assert.Equal($"User: {EnclaveSession} is not authorized to perform: kms:Decrypt on resource: {arn} {reason}", denied.Message);
        Assert.Equal([1], (await kms.Admin.DecryptAsync(new() { KeyId = arn, CiphertextBlob = blob }, Cancellation)).Plaintext.ToArray());
    }

    [Fact]
    public async Task An_explicit_deny_says_so_in_the_capital_message_member()
    {
        await using var kms = await RunningKms.StartAsync();
        var arn = await kms.CreateKeyAsync(
            $$"""{"Statement":[{{Allow(Admin, "kms:*")}},{"Effect":"Deny","Principal":"*","Action":"kms:Encrypt","Resource":"*"}]}""");
        var answer = await kms.Raw(kms.Emulator.Credentials.Admin).CallAsync("Encrypt", $$"""{"KeyId":"{{arn}}","Plaintext":"AQ=="}""");
        Assert.Equal(400, (int)answer.Status);
        Assert.Equal("AccessDeniedException", answer.Code);
        Assert.False(answer.HasLowerCaseMessage);
        Assert.Equal(
            $"User: {Admin} is not authorized to perform: kms:Encrypt on resource: {arn} with an explicit deny in a resource-based policy", answer.ErrorText);
    }

    [Fact]
    public async Task Who_names_no_key_and_may_not_decrypt_is_not_told_why()
    {
        await using var kms = await RunningKms.StartAsync();
        var arn = await kms.CreateKeyAsync($$"""{"Statement":[{{Allow(Admin, "kms:*")}}]}""");
        var blob = (await kms.Admin.EncryptAsync(new() { KeyId = arn, Plaintext = new([1]) }, Cancellation)).CiphertextBlob;
        var denied = await Refusal.OfAsync(
            () => kms.Enclave.DecryptAsync(new() { CiphertextBlob = blob }, Cancellation));
        Assert.StartsWith("The ciphertext refers to a customer master key that does not exist", denied.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task K07_a_policy_can_bind_a_role_to_its_encryption_context()
    {
        await using var kms = await RunningKms.StartAsync();
        var arn = await kms.CreateKeyAsync($$$"""
            {"Statement":[{{{Allow(Admin, "kms:*")}}},
              {"Effect":"Allow","Principal":{"AWS":"{{{Enclave}}}"},"Action":["kms:GenerateDataKey","kms:Decrypt"],"Resource":"*",
               "Condition":{"StringEquals":{"kms:EncryptionContext:app":"keymeld" },
                            "ForAllValues:StringEquals":{"kms:EncryptionContextKeys":["app","enclave_id"]},
                            "Null":{"kms:EncryptionContextKeys":"false"} } } ]}
            """);
        Task Generate(Dictionary<string, string>? context) =>
            kms.Enclave.GenerateDataKeyAsync(new() { KeyId = arn, NumberOfBytes = 1, EncryptionContext = context }, Cancellation);
        await Generate(new() { ["app"] = "keymeld" });
        await Generate(new() { ["app"] = "keymeld", ["enclave_id"] = "1" });
        Dictionary<string, string>?[] wrongs =
            [null, new() { ["app"] = "other" }, new() { ["enclave_id"] = "1" }, new() { ["app"] = "keymeld", ["more"] = "1" }];
        foreach (var wrong in wrongs)
            Assert.Equal("AccessDeniedException", await Refusal.CodeAsync(() => Generate(wrong)));
    }

    [Fact]
    public async Task Reencryption_asks_both_keys()
    {
        await using var kms = await RunningKms.StartAsync();
        var open = await kms.CreateKeyAsync();
        var noFrom = await kms.CreateKeyAsync(
            $$"""{"Statement":[{{Allow(Admin, "kms:*")}},{"Effect":"Deny","Principal":"*","Action":"kms:ReEncryptFrom","Resource":"*"}]}""");
        var noTo = await kms.CreateKeyAsync(
            $$"""{"Statement":[{{Allow(Admin, "kms:*")}},{"Effect":"Deny","Principal":"*","Action":"kms:ReEncryptTo","Resource":"*"}]}""");
        async Task<MemoryStream> Encrypt(string key) =>
            (await kms.Admin.EncryptAsync(new() { KeyId = key, Plaintext = new([1]) }, Cancellation)).CiphertextBlob;
        async Task<string> ReEncrypt(string from, string to)
        {
            var blob = await Encrypt(from);
            return (await Refusal.OfAsync(
                () => kms.Admin.ReEncryptAsync(new() { SourceKeyId = from, CiphertextBlob = blob, DestinationKeyId = to }, Cancellation))).Message;
        }
        Assert.Contains("kms:ReEncryptFrom", await ReEncrypt(noFrom, open), StringComparison.Ordinal);
        Assert.Contains("kms:ReEncryptTo", await ReEncrypt(open, noTo), StringComparison.Ordinal);
        await kms.Admin.ReEncryptAsync(new() { CiphertextBlob = await Encrypt(noTo), DestinationKeyId = noFrom }, Cancellation);
    }

    [Fact]
    public async Task A_policy_that_locks_its_author_out_needs_the_bypass()
    {
        await using var kms = await RunningKms.StartAsync();
        var arn = await kms.CreateKeyAsync();
        var former = (await kms.Admin.GetKeyPolicyAsync(new GetKeyPolicyRequest { KeyId = arn }, Cancellation)).Policy;
        var locked = $$"""{"Statement":[{{Allow(Enclave, "kms:*")}}]}""";
        var refused = await Assert.ThrowsAsync<MalformedPolicyDocumentException>(
            () => kms.Admin.PutKeyPolicyAsync(new PutKeyPolicyRequest { KeyId = arn, Policy = locked }, Cancellation));
        Assert.Equal("The new key policy will not allow you to update the key policy in the future.", refused.Message);
        await Assert.ThrowsAsync<MalformedPolicyDocumentException>(() => kms.Admin.CreateKeyAsync(new() { Policy = locked }, Cancellation));
        Assert.Equal(former, (await kms.Admin.GetKeyPolicyAsync(new GetKeyPolicyRequest { KeyId = arn }, Cancellation)).Policy);

        await kms.Admin.PutKeyPolicyAsync(new PutKeyPolicyRequest { KeyId = arn, Policy = locked, BypassPolicyLockoutSafetyCheck = true }, Cancellation);
        var denied = await Refusal.OfAsync(
            () => kms.Admin.PutKeyPolicyAsync(new PutKeyPolicyRequest { KeyId = arn, Policy = former }, Cancellation));
        Assert.Equal("AccessDeniedException", denied.ErrorCode);
        await kms.Enclave.PutKeyPolicyAsync(new PutKeyPolicyRequest { KeyId = arn, Policy = former, BypassPolicyLockoutSafetyCheck = true }, Cancellation);
    }

    [Fact]
    public async Task A_malformed_policy_changes_nothing()
    {
        await using var kms = await RunningKms.StartAsync();
        var arn = await kms.CreateKeyAsync();
        var former = (await kms.Admin.GetKeyPolicyAsync(new GetKeyPolicyRequest { KeyId = arn }, Cancellation)).Policy;
        await Assert.ThrowsAsync<MalformedPolicyDocumentException>(
            () => kms.Admin.PutKeyPolicyAsync(new PutKeyPolicyRequest { KeyId = arn, Policy = "{}" }, Cancellation));
        await Assert.ThrowsAsync<NotFoundException>(
            () => kms.Admin.PutKeyPolicyAsync(new PutKeyPolicyRequest { KeyId = arn, Policy = former, PolicyName = "other" }, Cancellation));
        Assert.Equal(former, (await kms.Admin.GetKeyPolicyAsync(new GetKeyPolicyRequest { KeyId = arn }, Cancellation)).Policy);
    }

    [Fact]
    public async Task K27_grants_and_replicas_are_denied_by_policy_before_they_are_unsupported()
    {
        await using var kms = await RunningKms.StartAsync();
        var arn = await kms.CreateKeyAsync($$"""{"Statement":[{{Allow(Admin, "kms:*")}}]}""");
        var grant = new CreateGrantRequest { KeyId = arn, GranteePrincipal = Enclave, Operations = ["Decrypt"] };
        var replica = new ReplicateKeyRequest { KeyId = arn, ReplicaRegion = "eu-west-1" };
        foreach (var (client, code) in new[] { (kms.Enclave, "AccessDeniedException"), (kms.Admin, "UnsupportedOperationException") })
        {
            Assert.Equal(
                code, await Refusal.CodeAsync(() => client.CreateGrantAsync(grant, Cancellation)));
            Assert.Equal(
                code, await Refusal.CodeAsync(() => client.ReplicateKeyAsync(replica, Cancellation)));
        }
    }

    [Fact]
    public async Task A_principal_of_another_account_is_let_in_by_the_key_policy_only()
    {
        const string arnOfStranger = "arn:aws:iam::999999999999:user/stranger";
        var stranger = new KmsCredential { Name = "stranger", AccessKeyId = "AKIASTRANGER", SecretAccessKey = "s", PrincipalArn = arnOfStranger };
        await using var kms = await RunningKms.StartAsync(stranger);
        var arn = await kms.CreateKeyAsync();
        using var client = kms.Client(stranger);
        Assert.Equal("AccessDeniedException", await Refusal.CodeAsync(() => client.DescribeKeyAsync(arn, Cancellation)));
        Assert.Equal("AccessDeniedException", await Refusal.CodeAsync(() => client.CreateKeyAsync(new(), Cancellation)));
        Assert.Equal("AccessDeniedException", await Refusal.CodeAsync(() => client.GenerateRandomAsync(1, Cancellation)));
        var policy = $$"""{"Statement":[{{Allow(Admin, "kms:*")}},{{Allow("999999999999", "kms:DescribeKey")}}]}""";
        await kms.Admin.PutKeyPolicyAsync(new PutKeyPolicyRequest { KeyId = arn, Policy = policy }, Cancellation);
        Assert.Equal(arn, (await client.DescribeKeyAsync(arn, Cancellation)).KeyMetadata.Arn);
    }

    private static string Allow(string principal, string action) =>
        $$$"""{"Effect":"Allow","Principal":{"AWS":"{{{principal}}}"},"Action":"{{{action}}}","Resource":"*"}""";
}
