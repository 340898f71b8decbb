using System.Text;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Ids;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Support;

namespace KeyMeld.Tests.Protocol.Http;

public class RequestAuthorizationTests
{
    private const long Now = 1_800_000_000_000;

    [Fact]
    public void The_vectors_headers_parse_verify_and_have_the_given_digest()
    {
        var cases = Vectors.Json("protocol", "v1.json").GetProperty("http").EnumerateArray().ToList();
        Assert.Equal(3, cases.Count);
        foreach (var vector in cases)
        {
            var (method, authority, target) = (vector.GetProperty("method").GetString()!, vector.GetProperty("authority").GetString()!, vector.GetProperty("target").GetString()!);
            var body = Convert.FromHexString(vector.GetProperty("body").GetString()!);
            var header = vector.GetProperty("header").GetString()!;
            Assert.True(RequestAuthorization.TryParse(header, out var authorization));
            Assert.Equal(header, authorization!.ToString());
            Assert.Equal(vector.GetProperty("ts").GetInt64(), authorization.Timestamp);
            Assert.Equal(vector.GetProperty("digest").GetString(), RequestAuthorization.Digest(method, authority, target, body, authorization.Timestamp, authorization.Nonce).ToString());
            Assert.True(authorization.Verify(method, authority, target, body));
            using var key = SecretKey.Import(Convert.FromHexString(vector.GetProperty("secret").GetString()!));
            Assert.Equal(key.XOnlyPublicKey, authorization.Key);
        }
    }

    [Fact]
    public void The_vectors_altered_calls_do_not_verify()
    {
        var cases = Vectors.Json("protocol", "v1.json").GetProperty("must_fail").EnumerateArray().Where(vector => vector.GetProperty("kind").GetString() == "http").ToList();
        Assert.Equal(5, cases.Count);
        Assert.All(cases, vector => Assert.False(RequestAuthorization.TryParse(vector.GetProperty("header").GetString(), out var authorization)
            && authorization!.Verify(vector.GetProperty("method").GetString()!, vector.GetProperty("authority").GetString()!, vector.GetProperty("target").GetString()!,
                Convert.FromHexString(vector.GetProperty("body").GetString()!))));
    }

    [Fact]
    public void A_header_of_any_other_form_is_refused()
    {
        using var key = SecretKey.Generate();
        var header = RequestAuthorization.Sign("GET", "keymeld.example", "/x", [], Now, key);
        Assert.True(RequestAuthorization.TryParse(header, out _));
        string?[] others =
        [
            null, "", "KeyMeld", header.ToUpperInvariant(), header + " ", " " + header, header + ",", header.Replace(",", ", ", StringComparison.Ordinal), header.Replace("ts=", "ts=0", StringComparison.Ordinal),
            header.Replace("ts=", "ts=+", StringComparison.Ordinal), header.Replace("KeyMeld ", "Keymeld ", StringComparison.Ordinal), header.Replace("key=", "Key=", StringComparison.Ordinal),
            string.Join(",", header.Split(',').Reverse()), header[..^1], header + "0",
        ];
        Assert.All(others, other => Assert.False(RequestAuthorization.TryParse(other, out _), other));
    }

    [Fact]
    public void Every_alteration_of_the_call_fails()
    {
        using var key = SecretKey.Generate();
        var body = Encoding.UTF8.GetBytes("{}");
        Assert.True(RequestAuthorization.TryParse(RequestAuthorization.Sign("POST", "keymeld.example", "/x?y=1", body, Now, key), out var authorization));
        Assert.True(authorization!.Verify("POST", "keymeld.example", "/x?y=1", body));
        Assert.False(authorization.Verify("GET", "keymeld.example", "/x?y=1", body));
        Assert.False(authorization.Verify("POST", "keymeld.example:443", "/x?y=1", body));
        Assert.False(authorization.Verify("POST", "keymeld.example", "/x?y=2", body));
        Assert.False(authorization.Verify("POST", "keymeld.example", "/x?y=1", []));
        Assert.False((authorization with { Timestamp = Now + 1 }).Verify("POST", "keymeld.example", "/x?y=1", body));
        Assert.False((authorization with { Nonce = Id16.Random() }).Verify("POST", "keymeld.example", "/x?y=1", body));
    }

    [Theory]
    [InlineData("https://KeyMeld.Example/", "keymeld.example")]
    [InlineData("https://keymeld.example:443", "keymeld.example")]
    [InlineData("https://keymeld.example:8443/a", "keymeld.example:8443")]
    [InlineData("http://127.0.0.1:8080", "127.0.0.1:8080")]
    [InlineData("http://127.0.0.1", "127.0.0.1")]
    [InlineData("http://[::1]:8080", "[::1]:8080")]
    public void The_authority_is_that_of_the_public_url(string url, string authority) => Assert.Equal(authority, RequestAuthorization.Authority(new Uri(url)));

    [Theory]
    [InlineData(0, true)]
    [InlineData(60_000, true)]
    [InlineData(-60_000, true)]
    [InlineData(60_001, false)]
    [InlineData(-60_001, false)]
    public void A_call_is_timely_within_a_minute(long off, bool timely)
    {
        using var key = SecretKey.Generate();
        Assert.True(RequestAuthorization.TryParse(RequestAuthorization.Sign("GET", "a", "/", [], Now + off, key), out var authorization));
        Assert.Equal(timely, authorization!.IsTimely(Now));
    }
}
