using System.Security.Cryptography;
using System.Text;
using KeyMeld.Attestation;
using KeyMeld.Gateway.Configuration;
using KeyMeld.Gateway.Dashboard;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Tests.Gateway.Dashboard;

public sealed class KnownReleasesTests : IDisposable
{
    private const string Arn = "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    private readonly string _folder = Directory.CreateTempSubdirectory("keymeld-").FullName;
    private readonly ECDsa _releaser = ECDsa.Create(ECCurve.NamedCurves.nistP384);

    public void Dispose()
    {
        _releaser.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void A_signed_manifest_is_known_by_its_version()
    {
        var (manifest, signature) = Manifest();
        Write("release.json.sig", signature);
        var known = KnownReleases.Load(Settings(new AttestationSettings([Write("release.json", manifest)], Write("releaser.pem", Encoding.ASCII.GetBytes(ReleaserKey.Of(_releaser).ToPem())), null)));
        Assert.Equal("1.4.0", Assert.Single(known.Releases).Name);
        Assert.Equal(AttestationRoot.AwsNitroG1Fingerprint, known.Root!.Fingerprint);
    }

    [Fact]
    public void Without_a_releaser_a_file_is_taken_as_it_is()
    {
        var described = $$"""{"Measurements": {"PCR0": "{{Register('a')}}", "PCR1": "{{Register('b')}}", "PCR2": "{{Register('c')}}"}, "KmsKeyArn": "{{Arn}}"}""";
        var known = KnownReleases.Load(Settings(new AttestationSettings([Write("blue.json", Encoding.ASCII.GetBytes(described)), Write("release.json", Manifest().Json)], null, null)));
        Assert.Equal(["blue", "1.4.0"], known.Releases.Select(release => release.Name));
    }

    [Fact]
    public void A_manifest_that_is_not_the_releasers_a_file_that_is_no_release_and_one_that_is_missing_stop_the_start()
    {
        using var stranger = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        var releaser = Write("releaser.pem", Encoding.ASCII.GetBytes(ReleaserKey.Of(stranger).ToPem()));
        var (manifest, signature) = Manifest();
        var release = Write("release.json", manifest);
        Write("release.json.sig", signature);
        foreach (var settings in (AttestationSettings[])[new([release], releaser, null), new([Write("text.json", "[]"u8.ToArray())], null, null), new([Path.Combine(_folder, "absent.json")], null, null), new([release], release, null)])
        {
            var refusal = Assert.Throws<KeyMeldException>(() => KnownReleases.Load(Settings(settings)));
            Assert.Equal(ErrorCodes.ConfigurationInvalid, refusal.Code);
            Assert.Contains("attestation.release", refusal.Message, StringComparison.Ordinal);
        }
    }

    private static string Register(char digit) => new(digit, 96);

    private static GatewaySettings Settings(AttestationSettings attestation) => SettingsReader.Read("""
        mode: production
        server: { listen: "http://127.0.0.1:8090", public_url: "https://keymeld.example.com" }
        storage: { kind: sqlite, path: "/var/lib/keymeld/keymeld.db" }
        kms: { enabled: true, endpoint_url: null, key_id: "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab", enable_attestation: true }
        enclaves: [ { id: 0, address: "unix:/run/keymeld/enclave-0.sock" } ]
        """, new System.Collections.Hashtable()) with
    { Attestation = attestation };

    private (byte[] Json, byte[] Signature) Manifest()
    {
        var release = new Release(Register('a'), Register('b'), Register('c'), Arn) { ConfigurationDigest = new string('d', 64) };
        var json = new ReleaseManifest("1.4.0", DateTimeOffset.FromUnixTimeSeconds(1_800_000_000), release).ToBytes();
        return (json, _releaser.SignData(json, HashAlgorithmName.SHA384, DSASignatureFormat.Rfc3279DerSequence));
    }

    private string Write(string name, byte[] content)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllBytes(path, content);
        return path;
    }
}
