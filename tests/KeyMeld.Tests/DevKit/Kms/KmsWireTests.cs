using System.Net;
using System.Text.Json;
using KeyMeld.DevKit.Kms.Wire;
using KeyMeld.Tests.DevKit.Kms.Support;

namespace KeyMeld.Tests.DevKit.Kms;

/// <summary>AWS JSON 1.1 on the wire, the event log, and the seam for tests that play a hostile KMS.</summary>
public sealed class KmsWireTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Decrypts", "TrentService.", "application/x-amz-json-1.1")]
    [InlineData("decrypt", "TrentService.", "application/x-amz-json-1.1")]
    [InlineData("Decrypt", "", "application/x-amz-json-1.1")]
    [InlineData("Decrypt", "DynamoDB_20120810.", "application/x-amz-json-1.1")]
    [InlineData("Decrypt", "TrentService.", "application/json")]
    public async Task What_is_no_operation_of_kms_is_unknown(string operation, string prefix, string contentType)
    {
        await using var kms = await RunningKms.StartAsync();
        var answer = await kms.Raw(kms.Emulator.Credentials.Admin).SendAsync(new(operation, "{}") { TargetPrefix = prefix, ContentType = contentType });
        Assert.Equal((HttpStatusCode.BadRequest, "UnknownOperationException", null), (answer.Status, answer.Code, answer.ErrorText));
        Assert.Equal(1, kms.Emulator.Calls["Unknown"]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("{} {}")]
    [InlineData("""{"KeyId":1}""")]
    [InlineData("""{"KeyId":["a"]}""")]
    [InlineData("""{"KeyId":"a","KeyId":"b"}""")]
    [InlineData("""{"KeyId":"a","NumberOfBytes":"1"}""")]
    [InlineData("""{"KeyId":"a","NumberOfBytes":1.5}""")]
    [InlineData("""{"KeyId":"a","NumberOfBytes":1,"EncryptionContext":{"a":1}}""")]
    [InlineData("""{"KeyId":"a","NumberOfBytes":1,"EncryptionContext":[]}""")]
    [InlineData("""{"KeyId":"\ud800"}""")]
    [InlineData("""{"KeyId":"a","KeySpec":"\ud800"}""")]
    [InlineData("""{"KeyId":"a","NumberOfBytes":1,"EncryptionContext":{"\ud800":"1"}}""")]
    [InlineData("""{"KeyId":"a","NumberOfBytes":1,"EncryptionContext":{"a":"\udc00"}}""")]
    [InlineData("""{"KeyId":"a","NumberOfBytes":1,"DryRun":"true"}""")]
    [InlineData("""{"KeyId":"a","NumberOfBytes":1,"Recipient":[]}""")]
    public async Task A_body_out_of_form_is_a_serialization_error(string body)
    {
        await using var kms = await RunningKms.StartAsync();
        var answer = await kms.Raw(kms.Emulator.Credentials.Admin).CallAsync("GenerateDataKey", body);
        Assert.Equal((HttpStatusCode.BadRequest, "SerializationException"), (answer.Status, answer.Code));
    }

    [Fact]
    public async Task Everything_wrong_with_a_request_is_told_at_once()
    {
        await using var kms = await RunningKms.StartAsync();
        var answer = await kms.Raw(kms.Emulator.Credentials.Admin).CallAsync("GenerateDataKey", """{"NumberOfBytes":2000,"KeySpec":"AES"}""");
        Assert.Equal("ValidationException", answer.Code);
        Assert.StartsWith("3 validation errors detected: Value null at 'keyId' failed", answer.ErrorText, StringComparison.Ordinal);
        const string wrongSpec = "Value 'AES' at 'keySpec' failed to satisfy constraint: Member must satisfy enum value set: [AES_256, AES_128]";
        Assert.Contains(wrongSpec, answer.ErrorText, StringComparison.Ordinal);
        Assert.Contains("Value '2000' at 'numberOfBytes'", answer.ErrorText, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Null_members_and_members_of_the_future_are_as_if_absent()
    {
        await using var kms = await RunningKms.StartAsync();
        var arn = await kms.CreateKeyAsync();
        var answer = await kms.Raw(kms.Emulator.Credentials.Admin).CallAsync(
            "GenerateDataKey",
            $$"""{"KeyId":"{{arn}}","NumberOfBytes":1,"KeySpec":null,"Recipient":null,"EncryptionContext":null,"DryRun":null,"Future":{"a":1} }""");
        Assert.Equal(HttpStatusCode.OK, answer.Status);
    }

    [Fact]
    public async Task A_body_over_the_limit_is_refused()
    {
        await using var kms = await RunningKms.StartAsync();
        var answer = await kms.Raw(kms.Emulator.Credentials.Admin).CallAsync(
            "GenerateRandom", $$"""{"NumberOfBytes":1,"Padding":"{{new string('x', KmsEndpoint.MaxRequestBytes)}}"}""");
        Assert.Equal((HttpStatusCode.BadRequest, "RequestEntityTooLargeException"), (answer.Status, answer.Code));
    }

    [Fact]
    public async Task Another_method_or_path_is_unknown()
    {
        await using var kms = await RunningKms.StartAsync();
        using var http = new HttpClient { BaseAddress = kms.Emulator.Endpoint };
        using var got = await http.GetAsync(new Uri("/", UriKind.Relative), Cancellation);
        using var posted = await http.PostAsync(new Uri("/keys", UriKind.Relative), null, Cancellation);
        Assert.Equal(HttpStatusCode.BadRequest, got.StatusCode);
        Assert.Equal("""{"__type":"UnknownOperationException"}""", await got.Content.ReadAsStringAsync(Cancellation));
        Assert.Equal(HttpStatusCode.BadRequest, posted.StatusCode);
    }

    [Fact]
    public async Task Every_request_is_recorded_with_its_caller_and_outcome_and_without_secrets()
    {
        await using var kms = await RunningKms.StartAsync();
        var arn = await kms.CreateKeyAsync();
        var made = await kms.Enclave.GenerateDataKeyAsync(
            new() { KeyId = arn, NumberOfBytes = 32, EncryptionContext = new() { ["app"] = "keymeld" } }, Cancellation);
        var refused = await kms.Raw(kms.Emulator.Credentials.Enclave).CallAsync("Decrypt", $$"""{"KeyId":"{{arn}}","CiphertextBlob":"AQ=="}""");
        await kms.Raw(kms.Emulator.Credentials.Enclave).SendAsync(new("Decrypt", "{}") { Authorization = _ => null });

        var events = kms.Events.Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(["CreateKey", "GenerateDataKey", "Decrypt", "Decrypt"], events.Select(entry => entry.GetProperty("eventName").GetString()));
        Assert.Equal("arn:aws:iam::000000000000:user/keymeld-admin", events[0].GetProperty("userIdentity").GetProperty("arn").GetString());
        Assert.Equal(
            "arn:aws:sts::000000000000:assumed-role/keymeld-enclave/i-0123456789abcdef0", events[1].GetProperty("userIdentity").GetProperty("arn").GetString());
        Assert.Equal(arn, events[1].GetProperty("resources")[0].GetProperty("ARN").GetString());
        Assert.Equal("keymeld", events[1].GetProperty("requestParameters").GetProperty("encryptionContext").GetProperty("app").GetString());
        Assert.False(events[1].TryGetProperty("errorCode", out _));
        Assert.Equal("InvalidCiphertextException", events[2].GetProperty("errorCode").GetString());
        Assert.Equal(refused.RequestId, events[2].GetProperty("requestID").GetString());
        Assert.Equal("MissingAuthenticationTokenException", events[3].GetProperty("errorCode").GetString());
        Assert.Equal(JsonValueKind.Null, events[3].GetProperty("userIdentity").ValueKind);
        Assert.Equal((1, 1, 2), (kms.Emulator.Calls["CreateKey"], kms.Emulator.Calls["GenerateDataKey"], kms.Emulator.Calls["Decrypt"]));

        var log = string.Concat(kms.Events);
        var enclave = kms.Emulator.Credentials.Enclave;
        string[] secrets =
        [
            Convert.ToBase64String(made.Plaintext.ToArray()),
            Convert.ToBase64String(made.CiphertextBlob.ToArray()),
            enclave.SecretAccessKey,
            enclave.SessionToken!,
        ];
        foreach (var secret in secrets)
            Assert.DoesNotContain(secret, log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_test_can_replace_an_answer_or_drop_the_connection()
    {
        await using var kms = await RunningKms.StartAsync();
        var raw = kms.Raw(kms.Emulator.Credentials.Admin);
        kms.Emulator.Interceptor = exchange =>
            Task.FromResult<KmsAnswer?>(exchange.Answer with { Status = 500, Body = """{"__type":"KMSInternalException"}"""u8.ToArray() });
        Assert.Equal((HttpStatusCode.InternalServerError, "KMSInternalException"), await Outcome());
        kms.Emulator.Interceptor = _ => Task.FromResult<KmsAnswer?>(null);
        await Assert.ThrowsAsync<HttpRequestException>(Outcome);
        kms.Emulator.Interceptor = null;
        Assert.Equal((HttpStatusCode.OK, null), await Outcome());

        async Task<(HttpStatusCode, string?)> Outcome()
        {
            var answer = await raw.CallAsync("GenerateRandom", """{"NumberOfBytes":1}""");
            return (answer.Status, answer.Code);
        }
    }
}
