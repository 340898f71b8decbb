using System.Security.Cryptography;
using System.Text;
using KeyMeld.Enclave.Configuration;
using KeyMeld.Protocol.Statements;

namespace KeyMeld.Tests.Enclave.Configuration;

public class ConfigurationFileTests
{
    private const string Arn = "arn:aws:kms:us-west-2:000000000000:key/11111111-2222-3333-4444-555555555555";
    private const string Other = "arn:aws:kms:us-west-2:000000000000:key/66666666-2222-3333-4444-555555555555";

    private const string Production = $"""
        mode: production
        kms:
          key_id: "{Arn}"
          previous_key_ids: ["{Other}"]
          region: us-west-2
          endpoint_url: null
          enable_attestation: true
        limits: {"{"} memory_bytes: 536870912 {"}"}
        """;

    [Fact]
    public void A_production_configuration_is_read_whole()
    {
        var configuration = Parse(Production);
        Assert.Equal(EnclaveMode.Production, configuration.Mode);
        Assert.Equal((Arn, "us-west-2", null, true), (configuration.Kms.KeyId, configuration.Kms.Region, configuration.Kms.Endpoint, configuration.Kms.EnableAttestation));
        Assert.Equal([Other], configuration.Kms.PreviousKeyIds);
        Assert.Equal(536870912, configuration.Limits.MemoryBytes);
        Assert.Equal(SHA256.HashData(Encoding.UTF8.GetBytes(Production)), configuration.Digest.ToArray());
    }

    [Fact]
    public void What_may_be_left_out_gets_the_strict_default()
    {
        var configuration = Parse($"mode: development\nkms: {{ key_id: '{Arn}', region: us-west-2 }}");
        Assert.True(configuration.Kms.EnableAttestation);
        Assert.Null(configuration.Kms.Endpoint);
        Assert.Null(configuration.Kms.TlsRoots);
        Assert.Empty(configuration.Kms.PreviousKeyIds);
        Assert.Equal(LimitsConfiguration.DefaultMemoryBytes, configuration.Limits.MemoryBytes);
    }

    [Fact]
    public void A_file_is_read_eight_levels_deep_and_no_deeper()
    {
        static string Nested(int levels) => string.Concat(Enumerable.Repeat("{a: ", levels)) + "1" + new string('}', levels);
        var errors = new List<string>();
        Assert.NotNull(YamlTree.Parse(Nested(8), errors));
        Assert.Empty(errors);
        Assert.Null(YamlTree.Parse(Nested(9), errors));
        Assert.Equal("Line 1: not readable as YAML.", Assert.Single(errors));
    }

    [Theory]
    [InlineData("https://kms-fips.us-west-2.amazonaws.com")]
    [InlineData("https://vpce-0123456789abcdef0-abcdefgh.kms.us-west-2.vpce.amazonaws.com")]
    public void Production_takes_other_endpoints_of_aws_in_the_same_region(string endpoint) =>
        Assert.Equal(new Uri(endpoint), Parse(Production.Replace("endpoint_url: null", $"endpoint_url: '{endpoint}'", StringComparison.Ordinal)).Kms.Url);

    [Fact]
    public void Production_calls_the_regions_kms_through_the_parent_and_is_called_by_the_parent()
    {
        var configuration = Parse(Production);
        Assert.Equal(("https://kms.us-west-2.amazonaws.com/", "vsock:3:8000", 3u), (configuration.Kms.Url.ToString(), configuration.Kms.Forwarder?.ToString(), configuration.ParentCid));
        Assert.Equal("vsock:3:9000", Parse(Production.Replace("endpoint_url: null", "forwarder: 'vsock:3:9000'", StringComparison.Ordinal)).Kms.Forwarder?.ToString());
    }

    [Fact]
    public void Development_may_name_another_parent_other_roots_and_another_way_to_kms()
    {
        var root = KeyMeld.Enclave.Sealing.Kms.AmazonRoots.Load()[0].ExportCertificatePem().ReplaceLineEndings("\n    ");
        var configuration = Parse($"mode: development\nparent_cid: 1\nkms:\n  key_id: '{Arn}'\n  region: us-west-2\n  forwarder: unix:/run/kms.sock\n  tls_roots: |\n    {root}\n");
        Assert.Equal(("unix:/run/kms.sock", 1u, 1), (configuration.Kms.Forwarder?.ToString(), configuration.ParentCid, configuration.Kms.TlsRoots?.Length));
        var plain = Parse($"mode: development\nkms: {{ key_id: '{Arn}', region: us-west-2 }}");
        Assert.Equal((null, 3u, null), (plain.Kms.Forwarder, plain.ParentCid, plain.Kms.TlsRoots));
    }

    [Fact]
    public void An_alias_is_taken_in_development_without_attestation_only()
    {
        Assert.True(Parse("mode: development\nkms: { key_id: alias/keymeld, region: us-west-2, enable_attestation: false }").Kms.KeyIsAlias);
        Refuses("mode: development\nkms: { key_id: alias/keymeld, region: us-west-2 }", "'kms.key_id' must be a full key ARN");
        Refuses("mode: production\nkms: { key_id: alias/keymeld, region: us-west-2 }", "'kms.key_id' must be a full key ARN");
    }

    [Theory]
    [InlineData("enable_attestation: true", "enable_attestation: false", "must be true in production")]
    [InlineData("endpoint_url: null", "endpoint_url: 'http://kms.us-west-2.amazonaws.com'", "must be https in production")]
    [InlineData("endpoint_url: null", "endpoint_url: 'https://kms.us-west-2.amazonaws.com:8443'", "must be https in production")]
    [InlineData("endpoint_url: null", "endpoint_url: 'https://kms.eu-central-1.amazonaws.com'", "must be https in production")]
    [InlineData("endpoint_url: null", "endpoint_url: 'https://kms.us-west-2.amazonaws.com.example.com'", "must be https in production")]
    [InlineData("endpoint_url: null", "forwarder: 'vsock:2:8000'", "must be vsock:3:PORT in production")]
    [InlineData("endpoint_url: null", "forwarder: 'unix:/run/kms.sock'", "must be vsock:3:PORT in production")]
    [InlineData("endpoint_url: null", "forwarder: 'vsock:any:8000'", "must be vsock:CID:PORT or unix:PATH")]
    [InlineData("endpoint_url: null", "forwarder: '127.0.0.1:8000'", "must be vsock:CID:PORT or unix:PATH")]
    [InlineData("endpoint_url: null", "tls_roots: 'x'", "'kms.tls_roots' is for development only")]
    [InlineData("limits:", "parent_cid: 1\nlimits:", "'parent_cid' is for development only")]
    [InlineData("limits:", "parent_cid: any\nlimits:", "must be a whole number")]
    [InlineData("endpoint_url: null", "endpoint_url: 'https://user@kms.example'", "must be http://HOST")]
    [InlineData("endpoint_url: null", "endpoint_url: 'https://kms.example/path'", "must be http://HOST")]
    [InlineData("endpoint_url: null", "endpoint_url: 'ftp://kms.example'", "must be http://HOST")]
    [InlineData("region: us-west-2", "region: eu-central-1", "names a key of region us-west-2")]
    [InlineData("region: us-west-2", "region: 'us west'", "is no region name")]
    [InlineData("region: us-west-2", "region: 7", "must be text")]
    [InlineData("mode: production", "mode: prod", "must be production or development")]
    [InlineData("mode: production", "mode: true", "must be text")]
    [InlineData("enable_attestation: true", "enable_attestation: 'true'", "must be true or false")]
    [InlineData("enable_attestation: true", "enable_attestation: yes", "must be true or false")]
    [InlineData("enable_attestation: true", "enable_attestation: true\n  enable_attestation: true", "stands there twice")]
    [InlineData("enable_attestation: true", "enable_atestation: true", "'kms.enable_atestation' is unknown")]
    [InlineData("536870912", "'536870912'", "must be a whole number")]
    [InlineData("536870912", "1024", "must be a whole number from 16777216")]
    [InlineData(Other, Arn, "repeats a key")]
    [InlineData("[\"" + Other + "\"]", "\"" + Other + "\"", "must be a list of texts")]
    [InlineData(Other, "arn:aws:kms:us-west-2:000000000000:alias/x", "which is no full key ARN")]
    [InlineData(Other, "arn:aws:kms:eu-west-1:000000000000:key/1", "holds a key of region eu-west-1")]
    [InlineData("mode: production", "mode: &anchor production", "anchors, aliases and tags")]
    [InlineData("mode: production", "mode: !!str production", "anchors, aliases and tags")]
    [InlineData("endpoint_url: null", "tls_roots: nonsense", "one or more certificates")]
    [InlineData("limits:", "---\nlimits:", "more than one document")]
    public void Whatever_is_wrong_is_named(string good, string bad, string complaint)
    {
        Assert.Contains(good, Production, StringComparison.Ordinal);
        Refuses(Production.Replace(good, bad, StringComparison.Ordinal), complaint);
    }

    [Fact]
    public void All_mistakes_are_reported_at_once()
    {
        var errors = Assert.Throws<ConfigurationException>(() => Parse("mode: prod\nextra: 1\nkms: { region: 5, enable_attestation: 1, previous_key_ids: {} }\nlimits: { memory_bytes: x }")).Errors;
        Assert.Equal(7, errors.Count);
        Assert.Contains(errors, error => error.Contains("'extra' is unknown", StringComparison.Ordinal));
        Assert.Contains(errors, error => error.Contains("'kms.key_id' is missing", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("")]
    [InlineData("- a\n- b")]
    [InlineData("mode: [")]
    [InlineData("just text")]
    public void What_is_no_configuration_is_refused(string text) => Assert.NotEmpty(Assert.Throws<ConfigurationException>(() => Parse(text)).Errors);

    [Fact]
    public void Deep_and_huge_files_are_refused()
    {
        Refuses(string.Concat(Enumerable.Repeat("{a: ", 100)), "not readable as YAML");
        Refuses(new string('#', 100_000), "larger than");
        Assert.Throws<ConfigurationException>(() => ConfigurationFile.Parse([0xff, 0xfe, 0x00]));
        Assert.Throws<ConfigurationException>(() => ConfigurationFile.Read("/nonexistent/file"));
    }

    private static void Refuses(string text, string complaint) =>
        Assert.Contains(Assert.Throws<ConfigurationException>(() => Parse(text)).Errors, error => error.Contains(complaint, StringComparison.Ordinal));

    private static EnclaveConfiguration Parse(string text) => ConfigurationFile.Parse(Encoding.UTF8.GetBytes(text));
}
