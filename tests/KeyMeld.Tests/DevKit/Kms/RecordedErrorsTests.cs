using System.Text.Json;
using KeyMeld.DevKit.Kms;
using KeyMeld.Tests.DevKit.Kms.Support;
using KeyMeld.Tests.Support;

namespace KeyMeld.Tests.DevKit.Kms;

/// <summary>Error answers recorded from the real AWS KMS, reproduced byte for byte where they concern what the emulator offers.</summary>
public sealed class RecordedErrorsTests
{
    private const int Recorded = 62;
    private const int Reproduced = 30;
    private const string UnknownKeyId = "00000000-1111-4222-8333-444444444444";
    private const string UnknownMultiRegionKeyId = "mrk-00000000111142228333444444444444";

    // Recorded of keys and operations the emulator does not have: asymmetric and HMAC keys, imported material, rotation, replicas.
    private static readonly string[] NotOffered =
    [
        "GENERATE_VERIFY_MAC", "SIGN_VERIFY which", "Algorithm HMAC", "key material", "pending import", "on-demand rotations", "origin is",
        "multi-region primary", "keyAgreementAlgorithm", "macAlgorithm", "validTo date", "cannot encrypt data larger", "Digest is invalid",
    ];

    private static readonly string[] NotOfferedWithoutText =
        ["KMSInvalidMacException", "KMSInvalidSignatureException", "UnsupportedOperationException", "ValidationException"];

    [Fact]
    public async Task Every_recorded_error_of_an_offered_operation_is_answered_as_aws_answers_it()
    {
        var errors = Vectors.Json("kms-wire", "aws-validated-kms-errors.json").GetProperty("errors").EnumerateArray().ToList();
        Assert.Equal(Recorded, errors.Count);

        await using var kms = await RunningKms.StartAsync();
        await using var elsewhere = await RunningKms.StartAsync(new KmsEmulatorOptions { DataDirectory = RunningKms.NewFolder(), Region = "ap-southeast-1" });
        var scene = await Scene.SetAsync(kms, elsewhere);
        var reproduced = 0;
        foreach (var error in errors)
        {
            var (code, text) = (error.GetProperty("code").GetString()!, error.GetProperty("message").GetString()!);
            if (!IsOffered(code, text))
                continue;
            var (answer, expected) = await scene.ProvokeAsync(code, text);
            Assert.Equal(code, answer.Code);
            Assert.Equal(expected, answer.ErrorText ?? "");
            Assert.Equal(error.GetProperty("http").GetInt32(), (int)answer.Status);
            Assert.Equal(error.GetProperty("body_has_message_member").GetBoolean(), answer.HasLowerCaseMessage);
            reproduced++;
        }
        Assert.Equal(Reproduced, reproduced);
    }

    private static bool IsOffered(string code, string text)
    {
        if (text.Length == 0)
            return !NotOfferedWithoutText.Contains(code);
        // The set of usages in an error of CreateKey, which is offered, names the others too.
        return text.Contains("'keyUsage'", StringComparison.Ordinal) || !NotOffered.Any(mark => text.Contains(mark, StringComparison.Ordinal));
    }

    private sealed class Scene(RunningKms kms, RunningKms elsewhere, string arn, string otherArn, string disabledArn, string blob)
    {
        private readonly RawKms _raw = kms.Raw(kms.Emulator.Credentials.Admin);

        public static async Task<Scene> SetAsync(RunningKms kms, RunningKms elsewhere)
        {
            var (arn, otherArn, disabledArn) = (await kms.CreateKeyAsync(), await kms.CreateKeyAsync(), await kms.CreateKeyAsync());
            var raw = kms.Raw(kms.Emulator.Credentials.Admin);
            await raw.CallAsync("DisableKey", Json(new { KeyId = disabledArn }));
            var encrypted = await raw.CallAsync("Encrypt", Json(new { KeyId = arn, Plaintext = "aGVsbG8=", EncryptionContext = new { a = "b" } }));
            return new(kms, elsewhere, arn, otherArn, disabledArn, encrypted.Json.GetProperty("CiphertextBlob").GetString()!);
        }

        /// <summary>The emulator's answer to what provoked a recorded one, and the recorded text with this scene's names for the recorder's.</summary>
        public async Task<(RawAnswer Answer, string Expected)> ProvokeAsync(string code, string text)
        {
            var mrkArn = $"arn:aws:kms:us-west-2:000000000000:key/{UnknownMultiRegionKeyId}";
            var unknownArn = $"arn:aws:kms:us-west-2:000000000000:key/{UnknownKeyId}";
            return (code, text) switch
            {
                ("DisabledException", _) =>
                    (await Call("Encrypt", new { KeyId = disabledArn, Plaintext = "AQ==" }), text.Replace("<key-arn>", disabledArn, StringComparison.Ordinal)),
                ("DryRunOperationException", _) => (await Call("GenerateDataKey", new { KeyId = arn, KeySpec = "AES_256", DryRun = true }), text),
                ("IncorrectKeyException", _) =>
                    (await Call("Decrypt", new { KeyId = otherArn, CiphertextBlob = blob, EncryptionContext = new { a = "b" } }), text),
                ("InvalidCiphertextException", _) => (await Call("Decrypt", new { KeyId = arn, CiphertextBlob = blob }), text),
                ("InvalidKeyUsageException", _) =>
                    (await Call(text.Split(' ')[^1].TrimEnd('.'), new { KeyId = arn }), text.Replace("<key-arn>", arn, StringComparison.Ordinal)),
                ("NotFoundException", "Invalid arn <secondary-region>") =>
                    (await Call("DescribeKey", new { KeyId = arn.Replace("us-west-2", "us-east-1", StringComparison.Ordinal) }), "Invalid arn us-east-1"),
                ("NotFoundException", _) when text.StartsWith("Invalid keyId", StringComparison.Ordinal) =>
                    (await Call("DescribeKey", new { KeyId = text.Split('\'')[1] }), text),
                ("NotFoundException", _) when text.Contains("ap-southeast-1", StringComparison.Ordinal) => (
                    await elsewhere.Raw(
                        elsewhere.Emulator.Credentials.Admin).SendAsync(new("DescribeKey", Json(new { KeyId = UnknownKeyId })) { Region = "ap-southeast-1" }),
                    $"Key 'arn:aws:kms:ap-southeast-1:000000000000:key/{UnknownKeyId}' does not exist"),
                ("NotFoundException", "Key '<mrk-key-arn>' does not exist") =>
                    (await Call("DescribeKey", new { KeyId = UnknownMultiRegionKeyId }), text.Replace("<mrk-key-arn>", mrkArn, StringComparison.Ordinal)),
                ("NotFoundException", "Key '<key-arn>' does not exist") =>
                    (await Call("DescribeKey", new { KeyId = unknownArn }), text.Replace("<key-arn>", unknownArn, StringComparison.Ordinal)),
                ("NotFoundException", _) => (await Call("DescribeKey", new { KeyId = UnknownKeyId }), $"Key '{unknownArn}' does not exist"),
                ("TagException", "Duplicate tag keys") => (await CreateWithTags(["a", "a"]), text),
                ("TagException", "Too many tags") => (await CreateWithTags([.. Enumerable.Range(0, 51).Select(index => $"t{index}")]), text),
                ("TagException", _) => (await CreateWithTags(["aws:key"]), text),
                ("ValidationException", _) => (await Invalid(text), text),
                _ => throw new ArgumentException($"Nothing provokes {code} {text}"),
            };
        }

        private async Task<RawAnswer> Invalid(string text) => text switch
        {
            _ when text.Contains("'numberOfBytes'", StringComparison.Ordinal) =>
                await Call("GenerateRandom", new { NumberOfBytes = int.Parse(text.Split('\'')[1], System.Globalization.CultureInfo.InvariantCulture) }),
            _ when text.Contains("'keySpec'", StringComparison.Ordinal) =>
                await Call("CreateKey", new { KeySpec = "HMAC_random", KeyUsage = "GENERATE_VERIFY_MAC" }),
            _ when text.Contains("'keyUsage'", StringComparison.Ordinal) => await Call("CreateKey", new { KeySpec = "HMAC_256", KeyUsage = "RANDOM" }),
            _ when text.Contains("tagKey", StringComparison.Ordinal) => await CreateWithTags([text.Split('\'')[1]]),
            _ when text.Contains("tagValue", StringComparison.Ordinal) =>
                await Call("CreateKey", new { Tags = new[] { new { TagKey = "k", TagValue = text.Split('\'')[1] } } }),
            _ when text.Contains("'plaintext'", StringComparison.Ordinal) =>
                await Call("Encrypt", new { KeyId = arn, Plaintext = Convert.ToBase64String(new byte[4097]) }),
            _ when text.StartsWith("Alias must", StringComparison.Ordinal) => await Call("CreateAlias", new { AliasName = "name", TargetKeyId = arn }),
            _ when text.StartsWith("KeyUsage KEY_AGREEMENT", StringComparison.Ordinal) =>
                await Call("CreateKey", new { KeySpec = "RSA_2048", KeyUsage = "KEY_AGREEMENT" }),
            "NumberOfBytes is required." => await Call("GenerateRandom", new { }),
            _ when text.StartsWith("You must specify a KeyUsage", StringComparison.Ordinal) => await Call("CreateKey", new { KeySpec = "HMAC_256" }),
            _ => throw new ArgumentException($"Nothing provokes {text}"),
        };

        private Task<RawAnswer> CreateWithTags(IEnumerable<string> keys) =>
            Call("CreateKey", new { Tags = keys.Select(key => new { TagKey = key, TagValue = "v" }) });

        private Task<RawAnswer> Call(string operation, object body) => _raw.CallAsync(operation, Json(body));

        private static string Json(object body) => JsonSerializer.Serialize(body);
    }
}
