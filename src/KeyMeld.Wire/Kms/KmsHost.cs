// Endpoints of KMS: AWS General Reference, "AWS Key Management Service endpoints and quotas"; KMS Developer Guide, "Connecting to AWS KMS through a VPC endpoint".
using System.Text.RegularExpressions;

namespace KeyMeld.Wire.Kms;

/// <summary>Which host names are AWS's own KMS endpoints of a region. Enclave and forwarder go by the same.</summary>
public static partial class KmsHost
{
    /// <summary>The region's ordinary endpoint, such as <c>kms.us-west-2.amazonaws.com</c>.</summary>
    public static string Of(string region) => $"kms.{region}.{Suffix(region)}";

    /// <summary>Whether that is an endpoint of KMS in that region: the ordinary one, the FIPS one, or one of a VPC endpoint (<c>vpce-….kms.REGION.vpce.…</c>).</summary>
    public static bool IsOf(string host, string region)
    {
        var suffix = Suffix(region);
        return host == $"kms.{region}.{suffix}" || host == $"kms-fips.{region}.{suffix}"
            || (VpcEndpoint().IsMatch(host) && (host.EndsWith($".kms.{region}.vpce.{suffix}", StringComparison.Ordinal) || host.EndsWith($".kms-fips.{region}.vpce.{suffix}", StringComparison.Ordinal))
                && host.AsSpan().Count('.') == $".kms.{region}.vpce.{suffix}".AsSpan().Count('.'));
    }

    private static string Suffix(string region) => region.StartsWith("cn-", StringComparison.Ordinal) ? "amazonaws.com.cn" : "amazonaws.com";

    // One label: the endpoint's id, its random part, perhaps the zone.
    [GeneratedRegex(@"\Avpce-[0-9a-z]+(-[0-9a-z]+)*\.kms(-fips)?\.", RegexOptions.CultureInvariant)]
    private static partial Regex VpcEndpoint();
}
