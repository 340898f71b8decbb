using System.Collections;
using System.Net;
using KeyMeld.Gateway.Configuration;
using KeyMeld.Protocol.Errors;
using KeyMeld.Tests.Support;

namespace KeyMeld.Tests.Gateway.Configuration;

public class SettingsReaderTests
{
    private const string Development = """
        mode: development
        server: { listen: "http://127.0.0.1:8090", public_url: "http://127.0.0.1:8090" }
        storage: { kind: sqlite, path: "data/keymeld.db" }
        kms: { enabled: true, endpoint_url: "http://localhost:4566", key_id: "alias/keymeld-enclave-master-key", enable_attestation: false }
        enclaves: [ { id: 0, address: "unix:data/run/enclave-0.sock" } ]
        """;

    private const string Production = """
        mode: production
        server: { listen: "http://127.0.0.1:8090", public_url: "https://keymeld.example.com" }
        storage: { kind: sqlite, path: "/var/lib/keymeld/keymeld.db" }
        kms: { enabled: true, endpoint_url: null, key_id: "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab", enable_attestation: true }
        enclaves: [ { id: 0, address: "unix:/run/keymeld/enclave-0.sock" } ]
        """;

    [Theory]
    [InlineData("development.yaml", false, 3)]
    [InlineData("production.yaml", true, 3)]
    public void The_committed_configurations_load(string file, bool production, int enclaves)
    {
        var settings = SettingsReader.Load(Path.Combine(Vectors.SourceRoot(), "config", file), new Hashtable());

        Assert.Equal(production, settings.Production);
        Assert.Equal(production, settings.Kms.EnableAttestation);
        Assert.Equal(production ? [IPNetwork.Parse("127.0.0.1/32")] : [], settings.Server.Proxies);
        Assert.Equal(enclaves, settings.Enclaves.Length);
    }

    [Fact]
    public void Every_setting_arrives()
    {
        var settings = Read(Development + """

            log: warning
            operator: { token_sha256: "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" }
            limits: { calls_per_second: 7, waits: 3 }
            attestation: { releases: [a.json, b.json], releaser: releaser.pem, development_root: root.pem }
            """);

        Assert.Equal(new IPEndPoint(IPAddress.Loopback, 8090), settings.Server.Listen);
        Assert.Equal(new Uri("http://127.0.0.1:8090"), settings.Server.PublicUrl);
        Assert.Null(settings.Server.Certificate);
        Assert.Equal(new StorageSettings.Sqlite("data/keymeld.db"), settings.Storage);
        Assert.Equal(new KmsSettings(true, "alias/keymeld-enclave-master-key", new Uri("http://localhost:4566"), false), settings.Kms);
        Assert.Equal([new EnclaveSettings(0, "unix:data/run/enclave-0.sock")], settings.Enclaves);
        Assert.Equal(Microsoft.Extensions.Logging.LogLevel.Warning, settings.LogLevel);
        Assert.Equal(0x01, settings.OperatorTokenHash!.Value[0]);
        Assert.Equal((string[])["a.json", "b.json"], settings.Attestation.Releases);
        Assert.Equal(("releaser.pem", "root.pem"), (settings.Attestation.Releaser, settings.Attestation.DevelopmentRoot));
        Assert.Equal((7, 3, 8), (settings.Limits.CallsPerSecond, settings.Limits.Waits, settings.Limits.LargeBodies));
    }

    [Fact]
    public void The_environment_overrides_and_adds_list_entries()
    {
        var settings = Read(Development, new Hashtable
        {
            ["KEYMELD__SERVER__LISTEN"] = "http://[::1]:9000",
            ["KEYMELD__KMS__ENDPOINT_URL"] = "",
            ["KEYMELD__ENCLAVES__0__ADDRESS"] = "unix:/tmp/a.sock",
            ["KEYMELD__ENCLAVES__1__ID"] = "5",
            ["KEYMELD__ENCLAVES__1__ADDRESS"] = "unix:/tmp/b.sock",
            ["KEYMELD__LIMITS__WAITS"] = "9",
            ["KEYMELD_PASSPHRASE"] = "another program's",
        });

        Assert.Equal(new IPEndPoint(IPAddress.IPv6Loopback, 9000), settings.Server.Listen);
        Assert.Null(settings.Kms.Endpoint);
        Assert.Equal([new EnclaveSettings(0, "unix:/tmp/a.sock"), new EnclaveSettings(5, "unix:/tmp/b.sock")], settings.Enclaves);
        Assert.Equal(9, settings.Limits.Waits);
    }

    [Fact]
    public void Every_mistake_is_reported_at_once()
    {
        var mistakes = Mistakes("""
            mode: test
            server: { listen: "localhost:8090", public_url: "http://example.com" }
            storage: { kind: mysql }
            kms: { enabled: yes, key_id: "alias/a", enable_attestation: true, region: us-west-2 }
            enclaves: [ { id: -1, address: "tcp:127.0.0.1:5000" }, { id: 1 } ]
            colour: blue
            """);

        Assert.Contains(mistakes, line => line.StartsWith("mode: must be production or development", StringComparison.Ordinal));
        Assert.Contains(mistakes, line => line.StartsWith("server.listen: must be http://ADDRESS:PORT", StringComparison.Ordinal));
        Assert.Contains(mistakes, line => line.StartsWith("server.public_url: http:// is for this machine only", StringComparison.Ordinal));
        Assert.Contains("storage.kind: must be sqlite or postgres, not 'mysql'", mistakes);
        Assert.Contains("kms.enabled: must be true or false, not 'yes'", mistakes);
        Assert.Contains(mistakes, line => line.StartsWith("kms.key_id: with enable_attestation the full key ARN", StringComparison.Ordinal));
        Assert.Contains(mistakes, line => line.StartsWith("kms.region: is no setting", StringComparison.Ordinal));
        Assert.Contains(mistakes, line => line.StartsWith("enclaves[0].id: must be a whole number", StringComparison.Ordinal));
        Assert.Contains("enclaves[1].address: is missing", mistakes);
        Assert.Contains(mistakes, line => line.StartsWith("enclaves[0].address: must be unix:PATH", StringComparison.Ordinal));
        Assert.Equal(11, mistakes.Length);
        Assert.Contains(mistakes, line => line.StartsWith("colour: is no setting", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("kind: postgres, host: /run/postgresql, database: keymeld, user: gateway", "/run/postgresql 5432 keymeld gateway - - False - 20")]
    [InlineData("kind: postgres, host: db.example.com, port: 6432, database: k, user: g, password_file: /run/p, connections: 50", "db.example.com 6432 k g /run/p - True - 50")]
    [InlineData("kind: postgres, host: db, database: k, user: g, password_variable: SECRET, tls: verify-full, root_certificate: /r.pem", "db 5432 k g - SECRET True /r.pem 20")]
    public void A_postgres_database_is_named_by_host_and_user_and_verified_over_a_network(string storage, string expected)
    {
        var server = Assert.IsType<StorageSettings.Postgres>(Read(Production.Replace("kind: sqlite, path: \"/var/lib/keymeld/keymeld.db\"", storage, StringComparison.Ordinal)).Storage);
        Assert.Equal(expected,
            $"{server.Host} {server.Port} {server.Database} {server.User} {server.Password?.File ?? "-"} {server.Password?.Variable ?? "-"} {server.Tls} {server.RootCertificate ?? "-"} {server.Connections}");
    }

    [Theory]
    [InlineData("kind: sqlite", "storage.path: is missing")]
    [InlineData("kind: postgres", "storage.host: is missing\nstorage.database: is missing\nstorage.user: is missing")]
    [InlineData("kind: postgres, host: db, database: k, user: g, tls: off", "storage.tls: must be verify-full in production; only a unix socket (host: /FOLDER) goes without")]
    [InlineData("kind: postgres, host: 127.0.0.1, database: k, user: g, tls: off", "storage.tls: must be verify-full in production; only a unix socket (host: /FOLDER) goes without")]
    [InlineData("kind: postgres, host: db, database: k, user: g, tls: require", "storage.tls: must be verify-full or off, not 'require'")]
    [InlineData("kind: postgres, host: /run, database: k, user: g, tls: verify-full", "storage.tls: has no use on a unix socket")]
    [InlineData("kind: postgres, host: /run, database: k, user: g, root_certificate: r.pem", "storage.root_certificate: is for tls: verify-full only")]
    [InlineData("kind: postgres, host: /run, database: k, user: g, password_file: f, password_variable: V", "storage.password_file: password_file and password_variable exclude each other")]
    [InlineData("kind: postgres, host: /run, database: k, user: g, password: secret", "storage.password: is no setting; known are connections, database, host, kind, lease_seconds, password_file, password_variable, port, root_certificate, tls, user")]
    public void A_storage_section_that_is_not_whole_or_would_weaken_is_refused(string storage, string expected) =>
        Assert.Equal(expected.Split('\n'), Mistakes(Production.Replace("kind: sqlite, path: \"/var/lib/keymeld/keymeld.db\"", storage, StringComparison.Ordinal)));

    [Theory]
    [InlineData("enabled: true", "enabled: false", "kms.enabled: must be true in production")]
    [InlineData("enable_attestation: true", "enable_attestation: false", "kms.enable_attestation: must be true in production")]
    [InlineData("endpoint_url: null", "endpoint_url: \"https://kms.example.com\"", "kms.endpoint_url: must in production be null")]
    [InlineData("endpoint_url: null", "endpoint_url: \"https://kms-fips.eu-west-1.amazonaws.com\"", "kms.endpoint_url: must in production be null")]
    [InlineData("enclaves: [ {", "forwarder: { listen: \"vsock:any:8000\" }\nenclaves: [ {", "forwarder.listen: is a vsock port, but no enclave")]
    [InlineData("enclaves: [ {", "forwarder: { listen: \"unix:/run/kms.sock\" }\nenclaves: [ {", "forwarder.listen: must be a vsock port in production")]
    [InlineData("unix:/run/keymeld/enclave-0.sock\" } ]", "vsock:16:5000\" } ]\nforwarder: { listen: \"vsock:any:8000\", target: \"kms.eu-west-1.amazonaws.com:443\" }", "forwarder.target: must in production be KMS of region us-west-2")]
    [InlineData("unix:/run/keymeld/enclave-0.sock\" } ]", "vsock:16:5000\" } ]\nforwarder: { listen: \"vsock:any:8000\", target: \"kms.us-west-2.amazonaws.com:80\" }", "forwarder.target: must in production be KMS of region us-west-2")]
    [InlineData("enclaves: [ {", "attestation: { development_root: root.pem }\nenclaves: [ {", "attestation.development_root: is for development")]
    [InlineData("enclaves: [ {", "attestation: { releaser: releaser.pem }\nenclaves: [ {", "attestation.releaser: signs releases, of which none is given")]
    [InlineData("unix:/run/keymeld/enclave-0.sock", "vsock:any:5000", "enclaves[0].address: must be unix:PATH")]
    [InlineData("arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab", "alias/keymeld", "kms.key_id: with enable_attestation the full key ARN")]
    [InlineData("https://keymeld.example.com", "http://keymeld.example.com", "server.public_url: http:// is for this machine only")]
    [InlineData("https://keymeld.example.com", "https://keymeld.example.com/api", "server.public_url: must be https://HOST")]
    public void Contradictions_in_production_stop_the_start(string right, string wrong, string mistake)
    {
        Assert.True(Read(Production).Production);
        Assert.StartsWith(mistake, Assert.Single(Mistakes(Production.Replace(right, wrong, StringComparison.Ordinal))), StringComparison.Ordinal);
    }

    [Fact]
    public void A_forwarder_serves_the_vsock_enclaves_and_dials_the_keys_region_unless_told_otherwise()
    {
        Assert.Null(Read(Production).Forwarder);
        var nitro = Production.Replace("unix:/run/keymeld/enclave-0.sock", "vsock:16:5000", StringComparison.Ordinal) + "\nforwarder: { listen: \"vsock:any:8000\" }";
        var forwarder = Read(nitro).Forwarder!;
        Assert.Equal(("vsock:any:8000", "kms.us-west-2.amazonaws.com:443"), (forwarder.Listen.ToString(), forwarder.Target.ToString()));
        Assert.Equal([16u], forwarder.Cids);
        Assert.Equal((64, TimeSpan.FromSeconds(120)), (forwarder.Connections, forwarder.Idle));

        const string Vpc = "vpce-0123456789abcdef0-abcdefgh.kms.us-west-2.vpce.amazonaws.com";
        Assert.Equal($"{Vpc}:443", Read(nitro.Replace("endpoint_url: null", $"endpoint_url: \"https://{Vpc}\"", StringComparison.Ordinal)).Forwarder!.Target.ToString());
        var told = Read(nitro.Replace("8000\" }", $"8000\", target: \"{Vpc}:443\", connections: 5, idle_seconds: 7 }}", StringComparison.Ordinal)).Forwarder!;
        Assert.Equal(($"{Vpc}:443", 5, TimeSpan.FromSeconds(7)), (told.Target.ToString(), told.Connections, told.Idle));

        Assert.Equal("localhost:4566", Read(Development + "\nforwarder: { listen: \"unix:data/run/kms.sock\" }").Forwarder!.Target.ToString());
    }

    [Theory]
    [InlineData("KEYMELD__SERVER__PORT", "1", "server.port: is no setting")]
    [InlineData("KEYMELD__ENCLAVES__7__ID", "1", "KEYMELD__ENCLAVES__7__ID: does not lead to a setting")]
    [InlineData("KEYMELD__MODE__X", "1", "KEYMELD__MODE__X: does not lead to a setting")]
    [InlineData("KEYMELD__SERVER", "1", "KEYMELD__SERVER: does not lead to a setting")]
    [InlineData("KEYMELD__SERVER__CERTIFICATE", "a.pem", "server.certificate: certificate and certificate_key belong together")]
    [InlineData("KEYMELD__SERVER__LISTEN", "https://127.0.0.1:1", "server.listen: https:// needs certificate")]
    [InlineData("KEYMELD__OPERATOR__TOKEN_SHA256", "ABCD", "operator.token_sha256: must be the SHA-256")]
    [InlineData("KEYMELD__OPERATOR__LISTEN", "http://localhost:9090", "operator.listen: must be http://ADDRESS:PORT")]
    [InlineData("KEYMELD__OPERATOR__LISTEN", "vsock:any:9090", "operator.listen: must be http://ADDRESS:PORT")]
    [InlineData("KEYMELD__OPERATOR__LISTEN", "https://127.0.0.1:9090", "operator.listen: https:// needs certificate")]
    [InlineData("KEYMELD__OPERATOR__NETWORKS__0", "10.0.0.0/8", "operator.listen: certificate, certificate_key, networks and hosts are for the operator's listener")]
    [InlineData("KEYMELD__LIMITS__WAITS", "0", "limits.waits: must be a whole number from 1")]
    [InlineData("KEYMELD__LOG", "all", "log: must be debug")]
    public void A_wrong_override_is_a_mistake(string name, string value, string mistake) =>
        Assert.StartsWith(mistake, Assert.Single(Mistakes(Development, new Hashtable { [name] = value })), StringComparison.Ordinal);

    [Fact]
    public void The_operators_listener_arrives_and_its_mistakes_are_listed()
    {
        var settings = Read(Development + """

            operator: { listen: "https://0.0.0.0:9090", certificate: "a.pem", certificate_key: "a.key", networks: ["10.1.0.0/16", "192.0.2.7"], hosts: [ops.internal] }
            """);
        var listener = settings.OperatorListener!;
        Assert.Equal((new IPEndPoint(IPAddress.Any, 9090), new CertificateFiles("a.pem", "a.key")), (listener.Listen, listener.Certificate));
        Assert.Equal([IPNetwork.Parse("10.1.0.0/16"), IPNetwork.Parse("192.0.2.7/32")], listener.Networks);
        Assert.Equal(["ops.internal"], listener.Hosts);
        Assert.Null(settings.OperatorTokenHash);

        Assert.Equal("operators.sock", Read(Development + "\noperator: { listen: \"unix:operators.sock\" }").OperatorListener!.Listen.ToString());

        var mistakes = Mistakes(Production + """

            operator: { listen: "http://10.1.2.3:9090", networks: ["10.1.0.0/33", "anywhere"], hosts: ["Ops.internal", "10.1.2.3"] }
            """);
        Assert.Equal(4, mistakes.Length);
        Assert.Equal(2, mistakes.Count(line => line.StartsWith("operator.networks: are networks such as", StringComparison.Ordinal)));
        Assert.Contains(mistakes, line => line.StartsWith("operator.hosts: are lower-case host names", StringComparison.Ordinal));
        Assert.Contains(mistakes, line => line.StartsWith("operator.listen: must in production be https://, a loopback address or unix:PATH", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("mode: [")]
    [InlineData("mode: development\nmode: production")]
    [InlineData("mode: development\n---\nmode: production")]
    public void What_is_not_one_document_of_distinct_settings_is_refused(string yaml) => Assert.NotEmpty(Mistakes(yaml));

    [Fact]
    public void Two_enclaves_with_one_number_or_one_address_are_refused()
    {
        var twice = Development.Replace("enclaves: [ ", "enclaves: [ { id: 0, address: \"unix:/a\" }, { id: 1, address: \"unix:/a\" }, ", StringComparison.Ordinal);
        Assert.Equal(2, Mistakes(twice).Count(line => line.Contains("has this id or address already", StringComparison.Ordinal)));
    }

    private static GatewaySettings Read(string yaml, IDictionary? environment = null) => SettingsReader.Read(yaml, environment ?? new Hashtable());

    private static string[] Mistakes(string yaml, IDictionary? environment = null)
    {
        var refusal = Assert.Throws<KeyMeldException>(() => Read(yaml, environment));
        Assert.Equal(ErrorCodes.ConfigurationInvalid, refusal.Code);
        return refusal.Message.Split('\n');
    }
}
