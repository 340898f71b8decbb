using KeyMeld.DevKit.Kms.Authentication;
using KeyMeld.Tests.DevKit.Kms.Support;
using KeyMeld.Tests.Support;

namespace KeyMeld.Tests.DevKit.Kms;

/// <summary>Signature Version 4: the pure steps against values AWS has published, then what the emulator does with requests that are signed wrong.</summary>
public sealed class SigV4Tests
{
    private const string Body = """{"NumberOfBytes":16}""";
    private const string PublishedSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

    public static TheoryData<string, string, string, string, string, string> Published => new()
    {
        // AWS Signature Version 4 test suite: get-vanilla, post-vanilla, get-vanilla-query-order-key-case, get-header-value-trim; and the example of
        // the IAM user guide.
        { "GET", "", "service", "", "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31" },
        { "POST", "", "service", "", "", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b" },
        { "GET", "?Param2=value2&Param1=value1", "service", "", "", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500" },
        { "GET", "", "service", "my-header1", "my-header2", "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736" },
        { "GET", "?Action=ListUsers&Version=2010-05-08", "iam", "content-type", "", "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7" },
    };

    [Theory]
    [MemberData(nameof(Published))]
    public void Signatures_equal_the_published_ones(string method, string query, string service, string header1, string header2, string signature)
    {
        var all = new Dictionary<string, string>
        {
            ["host"] = service == "iam" ? "iam.amazonaws.com" : "example.amazonaws.com",
            ["x-amz-date"] = "20150830T123600Z",
            ["content-type"] = "application/x-www-form-urlencoded; charset=utf-8",
            ["my-header1"] = " value1",
            ["my-header2"] = " \"a   b   c\"",
        };
        var signed = new[] { "host", "x-amz-date", header1, header2 }.Where(name => name.Length != 0).Order(StringComparer.Ordinal).ToList();
        var canonical = SigV4.CanonicalRequest(new SignableRequest(method, "/", query, all, ReadOnlyMemory<byte>.Empty), signed);
        var toSign = SigV4.StringToSign("20150830T123600Z", $"20150830/us-east-1/{service}/aws4_request", canonical);
        Assert.Equal(signature, SigV4.Signature(SigV4.SigningKey(PublishedSecret, "20150830", "us-east-1", service), toSign));
    }

    [Fact]
    public void The_documented_authorization_header_of_kms_is_read()
    {
        // Its secret is not published, so its signature cannot be checked, only its form.
        var line = Vectors.Text("kms-wire", "docs-samples.txt").Split('\n').Single(line => line.StartsWith("Authorization: ", StringComparison.Ordinal));
        var header = AuthorizationHeader.Parse(line["Authorization: ".Length..]);
        Assert.Equal("AKIAI44QH8DHBEXAMPLE", header.AccessKeyId);
        Assert.Equal("20161112/us-east-2/kms/aws4_request", header.Scope);
        Assert.Equal(["content-type", "host", "x-amz-date", "x-amz-target"], header.SignedHeaders);
        Assert.Equal("815ac4ccbb5c53b8ca015f979704c7953bb0068bf53f4e0b7c6886ed5b0a8fe4", header.Signature);
    }

    [Fact]
    public async Task A_signed_request_is_answered_for_each_credential()
    {
        await using var kms = await RunningKms.StartAsync();
        foreach (var credential in kms.Emulator.Credentials.All)
        {
            var answer = await kms.Raw(credential).SendAsync(new("GenerateRandom", Body) { Query = "?a=1&b=2" });
            Assert.Equal(200, (int)answer.Status);
            Assert.Equal("application/x-amz-json-1.1", answer.ContentType);
            Assert.Matches("^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$", answer.RequestId);
            Assert.Equal(16, answer.Json.GetProperty("Plaintext").GetBytesFromBase64().Length);
        }
    }

    public static TheoryData<string, string> Wrong => new()
    {
        { "no authorization", "MissingAuthenticationTokenException" },
        { "another algorithm", "IncompleteSignatureException" },
        { "no signature", "IncompleteSignatureException" },
        { "no equal sign", "IncompleteSignatureException" },
        { "a credential in four parts", "IncompleteSignatureException" },
        { "a parameter twice", "IncompleteSignatureException" },
        { "an unknown access key", "UnrecognizedClientException" },
        { "another region", "InvalidSignatureException" },
        { "another service", "InvalidSignatureException" },
        { "another terminator", "InvalidSignatureException" },
        { "another date in the scope", "InvalidSignatureException" },
        { "signed too long ago", "InvalidSignatureException" },
        { "signed in the future", "InvalidSignatureException" },
        { "another body", "InvalidSignatureException" },
        { "a flipped signature", "InvalidSignatureException" },
        { "an unsigned target", "InvalidSignatureException" },
        { "an unsigned host", "InvalidSignatureException" },
        { "an unsigned amz header", "InvalidSignatureException" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task A_request_signed_wrong_is_refused_as_aws_does(string flaw, string code)
    {
        await using var kms = await RunningKms.StartAsync();
        var request = new RawRequest("GenerateRandom", Body);
        request = flaw switch
        {
            "no authorization" => request with { Authorization = _ => null },
            "another algorithm" => request with { Authorization = header => header.Replace("AWS4-HMAC-SHA256", "AWS3-HMAC-SHA256", StringComparison.Ordinal) },
            "no signature" => request with { Authorization = header => header[..header.IndexOf(", Signature", StringComparison.Ordinal)] },
            "no equal sign" => request with { Authorization = header => header.Replace("Signature=", "Signature ", StringComparison.Ordinal) },
            "a credential in four parts" => request with { Authorization = header => header.Replace("/aws4_request", "", StringComparison.Ordinal) },
            "a parameter twice" => request with { Authorization = header => header + ", Signature=00" },
            "an unknown access key" => request with { Authorization = header => header.Replace("=AKIA", "=AKIB", StringComparison.Ordinal) },
            "another region" => request with { Region = "eu-central-1" },
            "another service" => request with { Service = "s3" },
            "another terminator" => request with { Terminator = "aws3_request" },
            "another date in the scope" => request with { ScopeDate = "20200101" },
            "signed too long ago" => request with { Time = DateTimeOffset.UtcNow.AddMinutes(-6) },
            "signed in the future" => request with { Time = DateTimeOffset.UtcNow.AddMinutes(6) },
            "another body" => request with { SentBody = """{"NumberOfBytes":17}""" },
            "a flipped signature" => request with { Authorization = header => header[..^1] + (header[^1] == '0' ? '1' : '0') },
            "an unsigned target" => request with { Unsigned = ["x-amz-target"] },
            "an unsigned host" => request with { Unsigned = ["host"] },
            "an unsigned amz header" => request with { MoreHeaders = new Dictionary<string, string> { ["x-amz-meta"] = "1" }, Unsigned = ["x-amz-meta"] },
            _ => throw new ArgumentException(flaw),
        };
        var answer = await kms.Raw(kms.Emulator.Credentials.Admin).SendAsync(request);
        Assert.Equal(code, answer.Code);
        Assert.Equal(400, (int)answer.Status);
        Assert.NotNull(answer.ErrorText);
    }

    [Fact]
    public async Task A_session_token_must_be_the_one_of_the_credential()
    {
        await using var kms = await RunningKms.StartAsync();
        var enclave = kms.Emulator.Credentials.Enclave;
        foreach (var token in new[] { null, "another" })
        {
            var wrong = Credential(enclave.AccessKeyId, enclave.SecretAccessKey, token);
            var answer = await kms.Raw(wrong).CallAsync("GenerateRandom", Body);
            Assert.Equal("UnrecognizedClientException", answer.Code);
            Assert.Equal("The security token included in the request is invalid.", answer.ErrorText);
        }
    }

    [Fact]
    public async Task A_credential_expires_at_its_time_and_only_for_who_has_its_secret()
    {
        var expired = Credential("ASIAEXPIRED", "secret", "token", DateTimeOffset.UtcNow.AddSeconds(-1));
        await using var kms = await RunningKms.StartAsync(expired);
        var answer = await kms.Raw(expired).CallAsync("GenerateRandom", Body);
        Assert.Equal("ExpiredTokenException", answer.Code);
        Assert.Equal("The security token included in the request is expired", answer.ErrorText);

        var guessed = Credential(expired.AccessKeyId, "guess", expired.SessionToken);
        Assert.Equal("InvalidSignatureException", (await kms.Raw(guessed).CallAsync("GenerateRandom", Body)).Code);
    }

    [Fact]
    public async Task A_body_beyond_ascii_is_signed_and_read_as_utf8()
    {
        await using var kms = await RunningKms.StartAsync();
        var answer = await kms.Raw(kms.Emulator.Credentials.Admin).CallAsync("CreateKey", """{"Description":"Schlüssel 🔑"}""");
        Assert.Equal("Schlüssel 🔑", answer.Json.GetProperty("KeyMetadata").GetProperty("Description").GetString());
    }

    private static KmsCredential Credential(string accessKeyId, string secret, string? token, DateTimeOffset? expires = null) => new()
    {
        Name = "other",
        AccessKeyId = accessKeyId,
        SecretAccessKey = secret,
        SessionToken = token,
        Expires = expires,
        PrincipalArn = "arn:aws:iam::000000000000:role/other",
        SessionName = "session",
    };
}
