using System.Text.Json.Nodes;
using KeyMeld.Enclave.Configuration;
using KeyMeld.Enclave.Sealing.Kms;
using KeyMeld.Protocol.Errors;
using KeyMeld.Tests.DevKit.Kms.Support;
using KeyMeld.Tests.Enclave.Rounds;
using KeyMeld.Tests.Support;
using KmsAnswer = KeyMeld.DevKit.Kms.Wire.KmsAnswer;

namespace KeyMeld.Tests.Enclave.Sealing;

/// <summary>Every error answer recorded from the real KMS, through the client the enclave has, to what an operator is told.</summary>
public sealed class RecordedKmsErrorsTests
{
    private const string Arn = "arn:aws:kms:us-west-2:000000000000:key/11111111-2222-4333-8444-555555555555";
    private const int Recorded = 62;

    // AWS code → (with an attestation document, without).
    private static readonly Dictionary<string, (string Attested, string Plain)> Expected = new()
    {
        ["DisabledException"] = (ErrorCodes.KmsKeyDisabled, ErrorCodes.KmsKeyDisabled),
        ["KMSInvalidStateException"] = (ErrorCodes.KmsKeyDisabled, ErrorCodes.KmsKeyDisabled),
        ["NotFoundException"] = (ErrorCodes.KmsKeyNotFound, ErrorCodes.KmsKeyNotFound),
        ["InvalidKeyUsageException"] = (ErrorCodes.KmsKeyNotFound, ErrorCodes.KmsKeyNotFound),
        ["IncorrectKeyException"] = (ErrorCodes.SealedKeyCorrupt, ErrorCodes.SealedKeyCorrupt),
        ["InvalidCiphertextException"] = (ErrorCodes.SealedKeyCorrupt, ErrorCodes.SealedKeyCorrupt),
        ["DryRunOperationException"] = (ErrorCodes.KmsPolicyOpen, ErrorCodes.KmsPolicyOpen),
        ["LimitExceededException"] = (ErrorCodes.KmsThrottled, ErrorCodes.KmsThrottled),
        ["ValidationException"] = (ErrorCodes.KmsAttestationRejected, ErrorCodes.KmsResponseInvalid),
        // Of operations the enclave never asks for: whoever answers so did not read the request.
        ["UnsupportedOperationException"] = (ErrorCodes.KmsResponseInvalid, ErrorCodes.KmsResponseInvalid),
        ["TagException"] = (ErrorCodes.KmsResponseInvalid, ErrorCodes.KmsResponseInvalid),
        ["KMSInvalidMacException"] = (ErrorCodes.KmsResponseInvalid, ErrorCodes.KmsResponseInvalid),
        ["KMSInvalidSignatureException"] = (ErrorCodes.KmsResponseInvalid, ErrorCodes.KmsResponseInvalid),
    };

    [Fact]
    public async Task Each_recorded_error_becomes_its_code_and_keeps_the_code_of_AWS()
    {
        var errors = Vectors.Json("kms-wire", "aws-validated-kms-errors.json").GetProperty("errors").EnumerateArray().ToList();
        Assert.Equal(Recorded, errors.Count);
        await using var server = await RunningKms.StartAsync();
        using var kms = Client(server);
        foreach (var error in errors)
        {
            var code = error.GetProperty("code").GetString()!;
            var answer = Answer(code, error.GetProperty("message").GetString()!, error.GetProperty("http").GetInt32(), error.GetProperty("body_has_message_member").GetBoolean());
            server.Emulator.Interceptor = _ => Task.FromResult<KmsAnswer?>(answer);
            Assert.True(Expected.TryGetValue(code, out var expected), $"Nobody decided what {code} means.");
            await AssertAsync(kms, "document"u8.ToArray(), code, expected.Attested);
            await AssertAsync(kms, null, code, expected.Plain);
        }
        Assert.Equal(Expected.Keys.Order(), errors.Select(error => error.GetProperty("code").GetString()!).Distinct().Order());
    }

    [Fact]
    public async Task The_documented_answer_to_GenerateDataKey_reads_as_AWS_wrote_it_and_its_plaintext_is_seen()
    {
        var body = Vectors.Text("kms-wire", "docs-samples.txt").Split('\n').First(line => line.StartsWith("{\"CiphertextBlob\"", StringComparison.Ordinal));
        await using var server = await RunningKms.StartAsync();
        using var kms = Client(server);
        server.Emulator.Interceptor = _ => Task.FromResult<KmsAnswer?>(new KmsAnswer(200, System.Text.Encoding.UTF8.GetBytes(body)));
        using var answer = await kms.GenerateDataKeyAsync(
            new KmsCredentials("AKIDEXAMPLE", "secret", null, 0), Arn, new Dictionary<string, string>(), "document"u8.ToArray(), TestContext.Current.CancellationToken);
        Assert.Equal("arn:aws:kms:us-east-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab", answer.KeyId);
        Assert.StartsWith("AQEDAH", Convert.ToBase64String(answer.CiphertextBlob!), StringComparison.Ordinal);
        Assert.Null(answer.CiphertextForRecipient);
        // A call with a document must not have one: whoever opens the answer refuses it.
        Assert.Equal(32, answer.Plaintext!.Length);
    }

    private static AwsKms Client(RunningKms server) => new(
        new KmsConfiguration { KeyId = Arn, PreviousKeyIds = [], Region = "us-west-2", Endpoint = server.Emulator.Endpoint, EnableAttestation = true, TlsRoots = null },
        new ManualClock { Now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() });

    private static async Task AssertAsync(AwsKms kms, ReadOnlyMemory<byte>? attestation, string awsCode, string expected)
    {
        var credentials = new KmsCredentials("AKIDEXAMPLE", "secret", null, 0);
        Dictionary<string, string> context = new() { ["app"] = "keymeld" };
        var failures = new[]
        {
            await Assert.ThrowsAsync<KmsException>(() => kms.DecryptAsync(credentials, Arn, "blob"u8.ToArray(), context, attestation, TestContext.Current.CancellationToken)),
            await Assert.ThrowsAsync<KmsException>(() => kms.GenerateDataKeyAsync(credentials, Arn, context, attestation, TestContext.Current.CancellationToken)),
        };
        Assert.All(failures, failure =>
        {
            var fault = KmsFailures.ToFault(failure, Arn);
            Assert.Equal((expected, awsCode), (fault.Code, fault.AwsCode));
            // Only what passes by itself is tried again.
            Assert.Equal(expected is ErrorCodes.KmsThrottled or ErrorCodes.KmsUnreachable, KmsFailures.IsRetryable(failure.Failure));
        });
    }

    // In the recorded forms: text in "message", or in "Message" where it was not there in lower case, or none at all.
    private static KmsAnswer Answer(string code, string text, int status, bool lowerCase)
    {
        var body = new JsonObject { ["__type"] = code };
        if (text.Length > 0)
        {
            body[lowerCase ? "message" : "Message"] = text;
        }
        return new KmsAnswer(status, System.Text.Encoding.UTF8.GetBytes(body.ToJsonString()));
    }
}
