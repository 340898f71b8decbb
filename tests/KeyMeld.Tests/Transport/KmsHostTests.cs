using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Endpoints;
using KeyMeld.Wire.Kms;

namespace KeyMeld.Tests.Transport;

public class KmsHostTests
{
    [Theory]
    [InlineData("us-west-2", "kms.us-west-2.amazonaws.com")]
    [InlineData("us-gov-west-1", "kms.us-gov-west-1.amazonaws.com")]
    [InlineData("cn-north-1", "kms.cn-north-1.amazonaws.com.cn")]
    public void A_region_has_its_endpoint_as_the_aws_client_would_choose_it(string region, string host)
    {
        Assert.Equal(host, KmsHost.Of(region));
        Assert.True(KmsHost.IsOf(host, region));
        var rules = new AmazonKeyManagementServiceConfig().EndpointProvider;
        Assert.Equal(host, new Uri(rules.ResolveEndpoint(new KeyManagementServiceEndpointParameters { Region = region, UseDualStack = false, UseFIPS = false }).URL).Host);
    }

    [Theory]
    [InlineData("kms-fips.us-west-2.amazonaws.com", true)]
    [InlineData("vpce-0123456789abcdef0-abcdefgh.kms.us-west-2.vpce.amazonaws.com", true)]
    [InlineData("vpce-0123456789abcdef0-abcdefgh-us-west-2a.kms.us-west-2.vpce.amazonaws.com", true)]
    [InlineData("vpce-0123456789abcdef0-abcdefgh.kms-fips.us-west-2.vpce.amazonaws.com", true)]
    [InlineData("kms.us-west-1.amazonaws.com", false)]
    [InlineData("kms.us-west-2.amazonaws.com.cn", false)]
    [InlineData("evil.kms.us-west-2.amazonaws.com", false)]
    [InlineData("kms.us-west-2.amazonaws.com.evil.com", false)]
    [InlineData("KMS.us-west-2.amazonaws.com", false)]
    [InlineData("vpce-1.evil.kms.us-west-2.vpce.amazonaws.com", false)]
    [InlineData("vpce-1.kms.us-east-1.vpce.amazonaws.com", false)]
    [InlineData("vpce-1.s3.us-west-2.vpce.amazonaws.com", false)]
    [InlineData("evil.kms.us-west-2.vpce.amazonaws.com", false)]
    [InlineData("vpce-1.kms.us-west-2.vpce.amazonaws.com.evil.com", false)]
    [InlineData("vpce-.kms.us-west-2.vpce.amazonaws.com", false)]
    [InlineData("", false)]
    public void Other_endpoints_of_the_region_are_told_from_what_only_looks_like_one(string host, bool expected) => Assert.Equal(expected, KmsHost.IsOf(host, "us-west-2"));
}
