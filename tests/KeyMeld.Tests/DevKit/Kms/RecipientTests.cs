using System.Security.Cryptography;
using System.Text.Json;
using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using KeyMeld.Attestation;
using KeyMeld.DevKit.Kms;
using KeyMeld.DevKit.Kms.Recipients;
using KeyMeld.DevKit.Nsm;
using KeyMeld.Tests.Attestation;
using KeyMeld.Tests.DevKit.Kms.Support;
using KeyMeld.Tests.DevKit.Nsm;
using KeyMeld.Tests.Support;

namespace KeyMeld.Tests.DevKit.Kms;

/// <summary>`Recipient` with documents of the simulated security module: who is answered, how, and who is not.</summary>
public sealed class RecipientTests : IAsyncDisposable
{
    private const string Admin = "arn:aws:iam::000000000000:user/keymeld-admin";
    private const string Enclave = "arn:aws:iam::000000000000:role/keymeld-enclave";

    private static readonly RSA rsa = RSA.Create(2048);
    private readonly SimulatedMachine _machine = new();
    private NsmSimulator? _simulator;

    [Fact]
    public async Task An_attested_enclave_gets_its_data_key_encrypted_to_it_and_never_in_the_clear()
    {
        await using var kms = await StartAsync();
        var arn = await CreateKeyAsync(kms, policy: null);
        var made = await CallAsync(
            kms, "GenerateDataKey", new { KeyId = arn, KeySpec = "AES_256", EncryptionContext = new { id = "1" }, Recipient = Recipient() });
        var members = made.Json.EnumerateObject().Select(member => member.Name).Order(StringComparer.Ordinal);
        Assert.Equal(["CiphertextBlob", "CiphertextForRecipient", "KeyId", "KeyMaterialId"], members);
        var cms = made.Json.GetProperty("CiphertextForRecipient").GetBytesFromBase64();
        Assert.Equal(493, cms.Length);
        var dataKey = Open(cms);
        Assert.Equal(32, dataKey.Length);

        var blob = made.Json.GetProperty("CiphertextBlob").GetString();
        var opened = await CallAsync(
            kms, "Decrypt", new { KeyId = arn, CiphertextBlob = blob, EncryptionContext = new { id = "1" }, Recipient = Recipient() });
        Assert.False(opened.Json.TryGetProperty("Plaintext", out _));
        Assert.Equal(dataKey, Open(opened.Json.GetProperty("CiphertextForRecipient").GetBytesFromBase64()));
        Assert.Equal(arn, opened.Json.GetProperty("KeyId").GetString());

        var random = await CallAsync(kms, "GenerateRandom", new { NumberOfBytes = 48, Recipient = Recipient() });
        Assert.Equal(["CiphertextForRecipient"], random.Json.EnumerateObject().Select(member => member.Name));
        Assert.Equal(48, Open(random.Json.GetProperty("CiphertextForRecipient").GetBytesFromBase64()).Length);
    }

    [Fact]
    public async Task The_aws_client_sends_a_recipient_and_gets_no_plaintext()
    {
        await using var simulator = await NsmSimulator.StartAsync(_machine.Folder, [_machine.Enclave], TimeProvider.System);
        await using var kms = await RunningKms.StartAsync(new KmsEmulatorOptions { DataDirectory = RunningKms.NewFolder(), AttestationRoot = simulator.Root });
        RecipientInfo Recipient() => new()
        {
            AttestationDocument = new(_machine.Attest(null, null, Spki)),
            KeyEncryptionAlgorithm = KeyEncryptionMechanism.RSAES_OAEP_SHA_256,
        };
        var arn = await kms.CreateKeyAsync();
        var made = await kms.Enclave.GenerateDataKeyAsync(
            new() { KeyId = arn, KeySpec = DataKeySpec.AES_256, Recipient = Recipient() }, TestContext.Current.CancellationToken);
        var opened = await kms.Enclave.DecryptAsync(
            new() { KeyId = arn, CiphertextBlob = made.CiphertextBlob, Recipient = Recipient() }, TestContext.Current.CancellationToken);
        Assert.Null(made.Plaintext);
        Assert.Null(opened.Plaintext);
        Assert.Equal(Open(made.CiphertextForRecipient.ToArray()), Open(opened.CiphertextForRecipient.ToArray()));
    }

    [Fact]
    public async Task The_other_layouts_of_aws_are_emitted_on_demand()
    {
        foreach (var layout in new[] { CmsLayout.Primitive, CmsLayout.Chunked(16) })
        {
            await using var kms = await StartAsync(layout: layout);
            var random = await CallAsync(kms, "GenerateRandom", new { NumberOfBytes = 100, Recipient = Recipient() });
            Assert.Equal(100, Open(random.Json.GetProperty("CiphertextForRecipient").GetBytesFromBase64()).Length);
        }
    }

    [Fact]
    public async Task K06_a_policy_with_measurements_lets_in_the_attested_enclave_and_nobody_else()
    {
        await using var kms = await StartAsync();
        var pcrs = AttestationDocument.Parse(_machine.Attest(null, null, Spki)).Pcrs;
        var arn = await CreateKeyAsync(kms, Policy(pcrs.Pcr0, pcrs.Pcr1, pcrs.Pcr2));
        var made = await CallAsync(kms, "GenerateDataKey", new { KeyId = arn, KeySpec = "AES_256", Recipient = Recipient() });
        var blob = made.Json.GetProperty("CiphertextBlob").GetString();
        Assert.Equal(200, (int)(await CallAsync(kms, "Decrypt", new { KeyId = arn, CiphertextBlob = blob, Recipient = Recipient() })).Status);

        var plain = await CallAsync(kms, "Decrypt", new { KeyId = arn, CiphertextBlob = blob });
        Assert.Equal("AccessDeniedException", plain.Code);
        Assert.EndsWith("with an explicit deny in a resource-based policy", plain.ErrorText, StringComparison.Ordinal);
        Assert.Equal("AccessDeniedException", (await CallAsync(kms, "GenerateDataKey", new { KeyId = arn, KeySpec = "AES_256" })).Code);
        Assert.Equal("AccessDeniedException", (await CallAsync(kms, "Encrypt", new { KeyId = arn, Plaintext = "AQ==", Recipient = Recipient() })).Code);

        // Another configuration file is another measurement.
        await File.WriteAllTextAsync(_machine.ConfigurationFile, "mode: other", TestContext.Current.CancellationToken);
        var other = await CallAsync(kms, "Decrypt", new { KeyId = arn, CiphertextBlob = blob, Recipient = Recipient() });
        Assert.Equal("AccessDeniedException", other.Code);
    }

    [Fact]
    public async Task K15_measurements_of_two_releases_cannot_be_mixed()
    {
        await using var kms = await StartAsync();
        var pcrs = AttestationDocument.Parse(_machine.Attest(null, null, Spki)).Pcrs;
        var other = new string('a', 96);
        foreach (var (policy, allowed) in new[]
        {
            (Policy(pcrs.Pcr0, pcrs.Pcr1, pcrs.Pcr2), true),
            (Policy(pcrs.Pcr0.ToUpperInvariant(), pcrs.Pcr1, pcrs.Pcr2), true),
            (Policy(pcrs.Pcr0, pcrs.Pcr1, other), false),
            (Policy(pcrs.Pcr0, other, pcrs.Pcr2), false),
            (Policy(other, pcrs.Pcr1, pcrs.Pcr2), false),
        })
        {
            var arn = await CreateKeyAsync(kms, policy);
            Assert.Equal(allowed ? null : "AccessDeniedException", await CodeAsync(kms, arn, Recipient()));
        }
    }

    [Fact]
    public async Task A_document_that_does_not_verify_gets_nothing_whatever_the_policy()
    {
        await using var kms = await StartAsync();
        var arn = await CreateKeyAsync(kms, policy: null);
        var good = _machine.Attest(null, null, Spki);
        using var ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var shortRsa = RSA.Create(1024);
        await using var foreign = new SimulatedMachine();
        await foreign.StartAsync();
        var cases = new Dictionary<string, byte[]>
        {
            ["no public key"] = _machine.Attest(null, null, null),
            ["an elliptic curve key"] = _machine.Attest(null, null, ec.ExportSubjectPublicKeyInfo()),
            ["a short RSA key"] = _machine.Attest(null, null, shortRsa.ExportSubjectPublicKeyInfo()),
            ["no key at all"] = _machine.Attest(null, null, [1, 2, 3]),
            ["bytes after the key"] = _machine.Attest(null, null, [.. Spki, 0]),
            ["a changed byte"] = Changed(good),
            ["a cut document"] = good[..^1],
            ["another root"] = foreign.Attest(null, null, Spki),
            ["a real document of AWS"] = Vectors.Bytes("attestation", RealDocuments.Veracruz),
            ["garbage"] = [0],
        };
        foreach (var (name, document) in cases)
            Assert.True("ValidationException" == await CodeAsync(kms, arn, Recipient(document)), name);
        Assert.Null(await CodeAsync(kms, arn, Recipient(good)));

        _machine.Clock.Advance(TimeSpan.FromMinutes(5));
        Assert.Null(await CodeAsync(kms, arn, Recipient(good)));
        _machine.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("ValidationException", await CodeAsync(kms, arn, Recipient(good)));
    }

    [Fact]
    public async Task A_recipient_out_of_form_is_refused()
    {
        await using var kms = await StartAsync();
        var arn = await CreateKeyAsync(kms, policy: null);
        var document = Convert.ToBase64String(_machine.Attest(null, null, Spki));
        Assert.Equal("ValidationException", await CodeAsync(kms, arn, new { AttestationDocument = document, KeyEncryptionAlgorithm = "RSAES_OAEP_SHA_1" }));
        Assert.Equal("ValidationException", await CodeAsync(kms, arn, new { AttestationDocument = document }));
        Assert.Equal("ValidationException", await CodeAsync(kms, arn, new { KeyEncryptionAlgorithm = "RSAES_OAEP_SHA_256" }));
        Assert.Equal("ValidationException", await CodeAsync(kms, arn, new { AttestationDocument = "", KeyEncryptionAlgorithm = "RSAES_OAEP_SHA_256" }));
        Assert.Equal("ValidationException", await CodeAsync(
            kms, arn, new { AttestationDocument = Convert.ToBase64String(new byte[262145]), KeyEncryptionAlgorithm = "RSAES_OAEP_SHA_256" }));
        Assert.Equal("SerializationException", await CodeAsync(kms, arn, new { AttestationDocument = "?", KeyEncryptionAlgorithm = "RSAES_OAEP_SHA_256" }));
        Assert.Equal("SerializationException", await CodeAsync(kms, arn, "document"));
    }

    [Fact]
    public async Task Without_a_root_no_document_is_good_and_nothing_is_answered_in_the_clear()
    {
        var simulator = await _machine.StartAsync();
        Assert.NotNull(simulator);
        await using var kms = await RunningKms.StartAsync(new KmsEmulatorOptions { DataDirectory = RunningKms.NewFolder(), TimeProvider = _machine.Clock });
        var answer = await CallAsync(kms, "GenerateRandom", new { NumberOfBytes = 1, Recipient = Recipient() });
        Assert.Equal("ValidationException", answer.Code);
    }

    [Fact]
    public async Task The_event_of_an_attested_call_shows_module_and_measurements_as_cloudtrail_does()
    {
        await using var kms = await StartAsync();
        var arn = await CreateKeyAsync(kms, policy: null);
        var document = _machine.Attest(null, null, Spki);
        await CallAsync(
            kms, "GenerateDataKey", new { KeyId = arn, KeySpec = "AES_256", EncryptionContext = new { id = "1" }, Recipient = Recipient(document) });
        var last = JsonDocument.Parse(kms.Events[^1]).RootElement;
        Assert.Equal("GenerateDataKey", last.GetProperty("eventName").GetString());
        Assert.Equal("1", last.GetProperty("requestParameters").GetProperty("encryptionContext").GetProperty("id").GetString());
        var recipient = last.GetProperty("additionalEventData").GetProperty("recipient");
        var parsed = AttestationDocument.Parse(document);
        Assert.Equal(parsed.ModuleId, recipient.GetProperty("attestationDocumentModuleId").GetString());
        Assert.Equal(parsed.Pcrs.Pcr0, Convert.ToHexStringLower(recipient.GetProperty("attestationDocumentEnclaveImageDigest").GetBytesFromBase64()));
        Assert.Equal(parsed.Pcrs.Pcr2, Convert.ToHexStringLower(recipient.GetProperty("attestationDocumentEnclavePCR2").GetBytesFromBase64()));
    }

    public async ValueTask DisposeAsync()
    {
        await _machine.DisposeAsync();
    }

    private static byte[] Spki => rsa.ExportSubjectPublicKeyInfo();

    private async Task<RunningKms> StartAsync(CmsLayout? layout = null)
    {
        var simulator = _simulator ??= await _machine.StartAsync();
        return await RunningKms.StartAsync(new KmsEmulatorOptions
        {
            DataDirectory = RunningKms.NewFolder(),
            AttestationRoot = simulator.Root,
            TimeProvider = _machine.Clock,
            CmsLayout = layout ?? CmsLayout.Constructed,
        });
    }

    private object Recipient(byte[]? document = null) => new
    {
        AttestationDocument = Convert.ToBase64String(document ?? _machine.Attest(null, null, Spki)),
        KeyEncryptionAlgorithm = "RSAES_OAEP_SHA_256",
    };

    private async Task<string?> CodeAsync(RunningKms kms, string arn, object recipient) =>
        (await CallAsync(kms, "GenerateDataKey", new { KeyId = arn, KeySpec = "AES_256", Recipient = recipient })).Code;

    private Task<RawAnswer> CallAsync(RunningKms kms, string operation, object body) =>
        kms.Raw(kms.Emulator.Credentials.Enclave).SendAsync(new(operation, JsonSerializer.Serialize(body)) { Time = _machine.Clock.GetUtcNow() });

    private async Task<string> CreateKeyAsync(RunningKms kms, string? policy)
    {
        var answer = await kms.Raw(kms.Emulator.Credentials.Admin).SendAsync(
            new("CreateKey", JsonSerializer.Serialize(new { Policy = policy })) { Time = _machine.Clock.GetUtcNow() });
        return answer.Json.GetProperty("KeyMetadata").GetProperty("Arn").GetString()!;
    }

    private static byte[] Open(byte[] cms) => CmsReader.Open(cms, rsa, Spki);

    private static byte[] Changed(byte[] document)
    {
        var changed = document.ToArray();
        changed[^1] ^= 1;
        return changed;
    }

    private static string Policy(string pcr0, string pcr1, string pcr2) => $$$"""
        {"Version":"2012-10-17","Statement":[
          {"Effect":"Allow","Principal":{"AWS":"{{{Admin}}}"},"NotAction":["kms:Decrypt","kms:GenerateDataKey*","kms:Encrypt","kms:ReEncrypt*"],"Resource":"*"},
          {"Effect":"Allow","Principal":{"AWS":"{{{Enclave}}}"},"Action":["kms:Decrypt","kms:GenerateDataKey"],"Resource":"*",
           "Condition":{"StringEqualsIgnoreCase":{
            "kms:RecipientAttestation:PCR0":"{{{pcr0}}}","kms:RecipientAttestation:PCR1":"{{{pcr1}}}","kms:RecipientAttestation:PCR2":"{{{pcr2}}}" } } },
          {"Effect":"Deny","Principal":"*","Action":["kms:Decrypt","kms:GenerateDataKey*"],"Resource":"*",
           "Condition":{"StringNotEqualsIgnoreCase":{"kms:RecipientAttestation:PCR0":["{{{pcr0}}}"] } } }]}
        """;
}
