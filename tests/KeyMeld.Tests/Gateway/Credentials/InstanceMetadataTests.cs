using KeyMeld.Gateway.Credentials;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Tests.Gateway.Credentials;

public class InstanceMetadataTests
{
    private static readonly DateTimeOffset Expires = new(2026, 11, 26, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Credentials_of_the_role_come_with_their_end_and_only_after_a_session_token()
    {
        await using var service = await MetadataService.StartAsync(Expires);
        using var client = service.Client();

        var credentials = await client.FetchAsync(TestContext.Current.CancellationToken);

        Assert.Equal(("ASIAFIRST", MetadataService.Secret, MetadataService.SessionToken, Expires.ToUnixTimeMilliseconds()),
            (credentials.AccessKeyId, credentials.SecretAccessKey, credentials.SessionToken, credentials.ExpiresMs));
        Assert.Equal(
        [
            "PUT /latest/api/token 169.254.169.254",
            "GET /latest/meta-data/iam/security-credentials/ 169.254.169.254",
            "GET /latest/meta-data/iam/security-credentials/keymeld-enclaves 169.254.169.254",
        ], service.Asked);
    }

    [Theory]
    [InlineData(404, "", "attach")]
    [InlineData(403, "", "version 2")]
    [InlineData(500, "canary", "500")]
    [InlineData(200, "", "names no role")]
    [InlineData(200, "../../user-data", "names no role")]
    [InlineData(302, "", "302")]
    public async Task What_is_no_role_is_named_and_never_quoted(int status, string body, string said)
    {
        await using var service = await MetadataService.StartAsync(Expires);
        using var client = service.Client();
        service.Fault = (status, body);
        var refusal = await Assert.ThrowsAsync<KeyMeldException>(() => client.FetchAsync(TestContext.Current.CancellationToken));
        Assert.Equal(ErrorCodes.KmsCredentialsInvalid, refusal.Code);
        Assert.Contains(said, refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("canary", refusal.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"Code": "Failed", "Expiration": "2026-11-26T12:00:00Z"}""", "trust policy")]
    [InlineData("""{"Code": "Success", "AccessKeyId": "A", "SecretAccessKey": "canary", "Expiration": "2026-11-26T12:00:00Z"}""", "not known")]
    [InlineData("""{"Code": "Success", "AccessKeyId": "", "SecretAccessKey": "canary", "Token": "canary", "Expiration": "2026-11-26T12:00:00Z"}""", "not complete")]
    [InlineData("""{"Code": "Success", "AccessKeyId": "A", "SecretAccessKey": "canary", "Token": "canary", "Expiration": "canary"}""", "not known")]
    [InlineData("canary", "not known")]
    public async Task What_are_no_credentials_is_named_and_never_quoted(string body, string said)
    {
        await using var service = await MetadataService.StartAsync(Expires);
        service.CredentialsBody = body;
        using var client = service.Client();
        var refusal = await Assert.ThrowsAsync<KeyMeldException>(() => client.FetchAsync(TestContext.Current.CancellationToken));
        Assert.Equal(ErrorCodes.KmsCredentialsInvalid, refusal.Code);
        Assert.Contains(said, refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("canary", refusal.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_that_does_not_answer_is_an_error_of_its_own()
    {
        var service = await MetadataService.StartAsync(Expires);
        using var client = service.Client();
        await service.DisposeAsync();
        Assert.Equal(ErrorCodes.KmsCredentialsInvalid, (await Assert.ThrowsAsync<KeyMeldException>(() => client.FetchAsync(TestContext.Current.CancellationToken))).Code);
    }

    [Fact]
    public void Nothing_prints_credentials()
    {
        var credentials = new Wire.V1.AwsCredentials { AccessKeyId = "canary-id", SecretAccessKey = "canary-secret", SessionToken = "canary-token" };
        var texts = new[] { credentials.ToString(), $"{credentials}", new Wire.V1.UntrustedConfigure { Credentials = credentials }.ToString() };
        Assert.All(texts, text => Assert.DoesNotContain("canary", text, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(360, 0, 345)]
    [InlineData(360, 1, 343)]
    [InlineData(16, 1, 1)]
    [InlineData(0, 0, 1)]
    [InlineData(-60, 0, 1)]
    [InlineData(60 * 24 * 365, 0, 360)]
    public void Credentials_are_fetched_again_well_before_they_end(int leftMinutes, double random, int pauseMinutes) =>
        Assert.Equal(TimeSpan.FromMinutes(pauseMinutes), RefreshSchedule.AfterSuccess(TimeSpan.FromMinutes(leftMinutes), random));

    [Fact]
    public void Failures_are_repeated_with_growing_pauses_and_jitter_and_for_ever()
    {
        Assert.Equal([0.5, 1, 2, 4, 8, 16, 30, 30], Enumerable.Range(1, 8).Select(failures => RefreshSchedule.AfterFailure(failures, 0).TotalSeconds));
        Assert.Equal([1, 2, 4, 8, 16, 32, 60, 60], Enumerable.Range(1, 8).Select(failures => RefreshSchedule.AfterFailure(failures, 1).TotalSeconds));
        Assert.Equal(60, RefreshSchedule.AfterFailure(int.MaxValue, 1).TotalSeconds);
    }
}
