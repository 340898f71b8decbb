using System.Runtime.CompilerServices;
using System.Text.Json;
using KeyMeld.IntegrationTests.Support;

namespace KeyMeld.IntegrationTests.Cli;

/// <summary><c>keymeld attest verify</c> on real AWS documents, which lie beside the project.</summary>
public sealed class AttestCommandTests : IDisposable
{
    private const string Base = "base-2024-02-26.bin";
    private readonly string home = StackFixture.NewFolder("attest");

    public void Dispose() => Directory.Delete(home, recursive: true);

    [Theory]
    [InlineData(Base)]
    [InlineData("evervault-2022-10-13-signed-pcr8.bin")]
    [InlineData("veracruz-2022-11-09.cbor")]
    public async Task A_real_document_is_valid_at_its_own_time_and_not_today(string name)
    {
        var expected = Expected(name);
        var shown = (await CliRun.OfAsync(home, ["attest", "verify", Document(name), "--at", Time(name), "--json", .. Pcrs(name)])).Succeeds();
        Assert.Equal("valid", shown.Json("attestation"));
        Assert.Contains(expected.GetProperty("module_id").GetString()!, shown.Output, StringComparison.Ordinal);
        Assert.Contains("given by --at", shown.Output, StringComparison.Ordinal);
        (await CliRun.OfAsync(home, "attest", "verify", Document(name))).FailsWith("attestation_invalid");
    }

    [Theory]
    [InlineData("veracruz-2022-11-09-BADSIG.cbor", "Signature")]
    [InlineData("evervault-2022-10-12-debug-zero-pcr012.bin", "DebugMode")]
    public async Task A_real_document_that_must_be_refused_is_refused_at_its_own_time(string name, string failure)
    {
        var refused = await CliRun.OfAsync(home, "attest", "verify", Document(name), "--at", Time(name));
        refused.FailsWith("attestation_invalid");
        Assert.Contains(failure, refused.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--nonce", "00")]
    [InlineData("--user-data", "00")]
    [InlineData("--public-key", "00")]
    [InlineData("--pcr0", null)]
    [InlineData("--pcr1", null)]
    [InlineData("--pcr2", null)]
    [InlineData("--pcr8", null)]
    public async Task What_is_asked_for_and_not_there_is_refused(string option, string? value) =>
        (await CliRun.OfAsync(home, "attest", "verify", Document(Base), "--at", Time(Base), option, value ?? new string('1', 96))).FailsWith("attestation_invalid");

    [Theory]
    [InlineData("--pcr0", "zz")]
    [InlineData("--pcr0", "00")]
    [InlineData("--nonce", "0")]
    [InlineData("--nonce", "xyz0")]
    [InlineData("--root", "/dev/null")]
    public async Task An_option_of_the_wrong_form_is_named(string option, string value) =>
        (await CliRun.OfAsync(home, "attest", "verify", Document(Base), "--at", Time(Base), option, value)).FailsWith("bad_request");

    [Fact]
    public async Task A_document_in_base64_is_the_same_and_another_root_refuses_it()
    {
        var base64 = Path.Combine(home, "document.b64");
        await File.WriteAllTextAsync(base64, Convert.ToBase64String(await File.ReadAllBytesAsync(Document(Base), TestContext.Current.CancellationToken)) + "\n", TestContext.Current.CancellationToken);
        (await CliRun.OfAsync(home, "attest", "verify", base64, "--at", Time(Base))).Succeeds();
        var root = Path.Combine(home, "root.pem");
        using var key = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP384);
        await File.WriteAllTextAsync(root, NewRoot(key), TestContext.Current.CancellationToken);
        (await CliRun.OfAsync(home, "attest", "verify", base64, "--at", Time(Base), "--root", root)).FailsWith("attestation_invalid");
        await File.WriteAllTextAsync(base64, "not a document", TestContext.Current.CancellationToken);
        (await CliRun.OfAsync(home, "attest", "verify", base64, "--at", Time(Base))).FailsWith("attestation_invalid");
    }

    private static string NewRoot(System.Security.Cryptography.ECDsa key)
    {
        var request = new System.Security.Cryptography.X509Certificates.CertificateRequest("CN=other", key, System.Security.Cryptography.HashAlgorithmName.SHA384);
        request.CertificateExtensions.Add(new System.Security.Cryptography.X509Certificates.X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new System.Security.Cryptography.X509Certificates.X509KeyUsageExtension(
            System.Security.Cryptography.X509Certificates.X509KeyUsageFlags.KeyCertSign, true));
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
        return certificate.ExportCertificatePem();
    }

    private static string[] Pcrs(string name) =>
        [.. Expected(name).GetProperty("pcrs").EnumerateObject().Where(pcr => pcr.Name is "0" or "1" or "2" or "8").SelectMany(pcr => (string[])[$"--pcr{pcr.Name}", pcr.Value.GetString()!])];

    private static string Time(string name) => DateTimeOffset.FromUnixTimeMilliseconds(Expected(name).GetProperty("timestamp_ms").GetInt64())
        .ToString("O", System.Globalization.CultureInfo.InvariantCulture);

    private static JsonElement Expected(string name) => JsonDocument.Parse(File.ReadAllBytes(Document("expected.json"))).RootElement.GetProperty(name);

    private static string Document(string name, [CallerFilePath] string file = "")
    {
        var path = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "..", "..", "..", "..", "shared", "vectors", "attestation", name));
        Assert.SkipUnless(File.Exists(path) || Environment.GetEnvironmentVariable("CI") == "true", $"The vectors are not beside the project: {path}");
        return path;
    }
}
