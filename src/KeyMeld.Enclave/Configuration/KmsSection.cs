using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using KeyMeld.Protocol.Statements;
using KeyMeld.Wire.Kms;
using KeyMeld.Wire.Transport;
using KeyMeld.Wire.Transport.Vsock;

namespace KeyMeld.Enclave.Configuration;

/// <summary>The <c>kms</c> section. In production nothing in it may weaken: full ARNs, TLS, attestation.</summary>
internal static partial class KmsSection
{
    public static readonly string[] Members = ["key_id", "previous_key_ids", "region", "endpoint_url", "enable_attestation", "tls_roots", "forwarder"];

    // Where vsock-proxy of the Nitro Enclaves CLI listens as well.
    private const uint ForwarderPort = 8000;

    /// <summary>The section's values; they count only when nothing was complained about.</summary>
    public static KmsConfiguration Read(YamlSection section, EnclaveMode mode)
    {
        var production = mode is EnclaveMode.Production;
        var attestation = section.Flag("enable_attestation") ?? true;
        if (production && !attestation)
        {
            section.Complain("enable_attestation", "must be true in production.");
        }
        var keyId = section.Text("key_id") ?? "";
        var region = section.Text("region") ?? "";
        if (region.Length > 0 && !Region().IsMatch(region))
        {
            section.Complain("region", "is no region name, such as us-west-2.");
        }
        var previous = section.Texts("previous_key_ids");
        CheckKey(section, keyId, region, aliasAllowed: !production && !attestation);
        CheckPrevious(section, previous, keyId, region);
        return new KmsConfiguration
        {
            KeyId = keyId,
            PreviousKeyIds = [.. previous],
            Region = region,
            Endpoint = ReadEndpoint(section, production, region),
            Forwarder = ReadForwarder(section, production),
            EnableAttestation = attestation,
            TlsRoots = ReadRoots(section, production),
        };
    }

    private static void CheckKey(YamlSection section, string keyId, string region, bool aliasAllowed)
    {
        if (keyId.Length == 0)
        {
            return;
        }
        if (!KeyArn.IsValid(keyId))
        {
            if (!aliasAllowed || !KeyArn.IsAlias(keyId))
            {
                section.Complain("key_id", aliasAllowed
                    ? "must be a full key ARN (arn:aws:kms:REGION:ACCOUNT:key/ID) or alias/NAME."
                    : "must be a full key ARN (arn:aws:kms:REGION:ACCOUNT:key/ID); an alias could be pointed elsewhere.");
            }
        }
        else if (region.Length > 0 && KeyArn.RegionOf(keyId) != region)
        {
            section.Complain("key_id", $"names a key of region {KeyArn.RegionOf(keyId)}, but 'kms.region' is {region}.");
        }
    }

    private static void CheckPrevious(YamlSection section, IReadOnlyList<string> previous, string keyId, string region)
    {
        foreach (var arn in previous)
        {
            if (!KeyArn.IsValid(arn))
            {
                section.Complain("previous_key_ids", $"holds '{arn}', which is no full key ARN.");
            }
            else if (region.Length > 0 && KeyArn.RegionOf(arn) != region)
            {
                section.Complain("previous_key_ids", $"holds a key of region {KeyArn.RegionOf(arn)}, but 'kms.region' is {region}.");
            }
        }
        if (previous.Append(keyId).Distinct(StringComparer.Ordinal).Count() != previous.Count + 1)
        {
            section.Complain("previous_key_ids", "repeats a key.");
        }
    }

    private static Uri? ReadEndpoint(YamlSection section, bool production, string region)
    {
        if (section.Text("endpoint_url", required: false) is not { } text)
        {
            return null;
        }
        if (!Uri.TryCreate(text, UriKind.Absolute, out var endpoint) || endpoint.Scheme is not ("http" or "https") || endpoint.UserInfo.Length > 0
            || endpoint.PathAndQuery is not "/" || endpoint.Fragment.Length > 0)
        {
            section.Complain("endpoint_url", "must be http://HOST[:PORT] or https://HOST[:PORT] and nothing more, or null for the region's own.");
            return null;
        }
        if (production && (endpoint.Scheme is not "https" || !endpoint.IsDefaultPort || !KmsHost.IsOf(endpoint.Host, region)))
        {
            section.Complain("endpoint_url", $"must be https in production and AWS's own: null, {KmsHost.Of(region)}, the FIPS endpoint, or vpce-….kms.{region}.vpce.… of a VPC endpoint.");
        }
        return endpoint;
    }

    private static EnclaveAddress? ReadForwarder(YamlSection section, bool production)
    {
        if (section.Text("forwarder", required: false) is not { } text)
        {
            return production ? new EnclaveAddress.VsockPort(VsockEndPoint.ParentCid, ForwarderPort) : null;
        }
        if (!EnclaveAddress.TryParse(text, out var address) || !address.CanConnect)
        {
            section.Complain("forwarder", "must be vsock:CID:PORT or unix:PATH.");
        }
        else if (production && address is not EnclaveAddress.VsockPort { Cid: VsockEndPoint.ParentCid })
        {
            section.Complain("forwarder", "must be vsock:3:PORT in production: 3 is the parent instance.");
        }
        return address;
    }

    private static ImmutableArray<X509Certificate2>? ReadRoots(YamlSection section, bool production)
    {
        if (section.Text("tls_roots", required: false) is not { } pem)
        {
            return null;
        }
        if (production)
        {
            section.Complain("tls_roots", "is for development only: in production TLS to KMS ends in Amazon's roots.");
        }
        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPem(pem);
        }
        catch (CryptographicException)
        {
            certificates.Clear();
        }
        if (certificates.Count == 0)
        {
            section.Complain("tls_roots", "must hold one or more certificates in PEM.");
        }
        return [.. certificates];
    }

    [GeneratedRegex(@"\A[a-z]{2}(-[a-z0-9]+){1,4}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Region();
}
