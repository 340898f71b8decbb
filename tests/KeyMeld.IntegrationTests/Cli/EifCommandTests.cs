using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using KeyMeld.IntegrationTests.Support;

namespace KeyMeld.IntegrationTests.Cli;

/// <summary>From files to an enclave image, as deploy/enclave/build.sh does it.</summary>
public sealed class EifCommandTests : IDisposable
{
    private readonly string home = StackFixture.NewFolder("eif");

    public void Dispose() => Directory.Delete(home, recursive: true);

    [Fact]
    public async Task Equal_parts_in_two_folders_give_one_image_whose_measurements_nitro_cli_would_print()
    {
        var images = new[] { await BuildAsync("one"), await BuildAsync("another/place") };
        Assert.Equal(File.ReadAllBytes(Path.Combine(images[0], "enclave.eif")), File.ReadAllBytes(Path.Combine(images[1], "enclave.eif")));
        var described = (await CliRun.OfAsync(images[0], "eif", "describe", "enclave.eif", "--json")).Succeeds();
        using var json = JsonDocument.Parse(described.Output);
        Assert.Equal(4, json.RootElement.GetProperty("EifVersion").GetInt32());
        var measurements = json.RootElement.GetProperty("Measurements");
        Assert.Equal(["HashAlgorithm", "PCR0", "PCR1", "PCR2"], measurements.EnumerateObject().Select(member => member.Name));
        Assert.Equal("Sha384 { ... }", measurements.GetProperty("HashAlgorithm").GetString());
        byte[] Part(string name) => File.ReadAllBytes(Path.Combine(images[0], name));
        Assert.Equal(Pcr([.. Part("kernel"), .. "reboot=k"u8, .. Part("boot.cpio"), .. Part("app.cpio")]), measurements.GetProperty("PCR0").GetString());
        Assert.Equal(Pcr([.. Part("kernel"), .. "reboot=k"u8, .. Part("boot.cpio")]), measurements.GetProperty("PCR1").GetString());
        Assert.Equal(Pcr(Part("app.cpio")), measurements.GetProperty("PCR2").GetString());
        Assert.True(json.RootElement.GetProperty("CheckCRC").GetBoolean());
        Assert.False(json.RootElement.GetProperty("IsSigned").GetBoolean());
    }

    [Fact]
    public async Task A_signed_image_has_PCR8_of_its_certificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using var certificate = new CertificateRequest("CN=releaser", key, HashAlgorithmName.SHA384).CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
        await File.WriteAllTextAsync(Path.Combine(home, "certificate.pem"), certificate.ExportCertificatePem(), TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(home, "key.pem"), key.ExportECPrivateKeyPem(), TestContext.Current.CancellationToken);
        var folder = await BuildAsync("signed", "--certificate", Path.Combine(home, "certificate.pem"), "--key", Path.Combine(home, "key.pem"));
        using var json = JsonDocument.Parse((await CliRun.OfAsync(folder, "eif", "describe", "enclave.eif", "--json")).Succeeds().Output);
        Assert.Equal(Pcr(certificate.RawData), json.RootElement.GetProperty("Measurements").GetProperty("PCR8").GetString());
        Assert.True(json.RootElement.GetProperty("SignatureCheck").GetBoolean());
    }

    [Fact]
    public async Task Bad_parts_are_named_and_nothing_is_written()
    {
        var folder = await BuildAsync("bad");
        await File.WriteAllTextAsync(Path.Combine(folder, "nothing"), "file /init nowhere 0555 0 0\n", TestContext.Current.CancellationToken);
        (await CliRun.OfAsync(folder, "eif", "rootfs", "nothing", "--out", "wrong.cpio")).FailsWith("image_invalid");
        string[] build = ["eif", "build", "--kernel", "kernel", "--ramdisk", "boot.cpio", "--out", "wrong.eif"];
        (await CliRun.OfAsync(folder, build)).FailsWith("bad_request");
        (await CliRun.OfAsync(folder, [.. build, "--cmdline", "two\nlines"])).FailsWith("image_invalid");
        (await CliRun.OfAsync(folder, [.. build, "--cmdline", "x", "--key", "kernel"])).FailsWith("bad_request");
        (await CliRun.OfAsync(folder, [.. build, "--cmdline", "x", "--ramdisk", "nowhere"])).FailsWith("file_failed");
        Assert.Empty(Directory.GetFiles(folder, "wrong.*"));
        var image = Path.Combine(folder, "enclave.eif");
        var bytes = await File.ReadAllBytesAsync(image, TestContext.Current.CancellationToken);
        bytes[^1] ^= 1;
        await File.WriteAllBytesAsync(image, bytes, TestContext.Current.CancellationToken);
        (await CliRun.OfAsync(folder, "eif", "describe", "enclave.eif")).FailsWith("image_invalid");
    }

    private async Task<string> BuildAsync(string name, params string[] more)
    {
        var folder = Path.Combine(home, name);
        Directory.CreateDirectory(folder);
        await WriteAsync(folder, "kernel", "KERNEL");
        await WriteAsync(folder, "init", "#!init");
        await WriteAsync(folder, "program", "the enclave");
        await WriteAsync(folder, "boot", "file /init init 0555 0 0\ndir /dev 0755 0 0\n");
        await WriteAsync(folder, "app", "file /enclave/program program 0555 0 0\ndir /enclave 0755 0 0\n");
        (await CliRun.OfAsync(folder, "eif", "rootfs", "boot", "--out", "boot.cpio")).Succeeds();
        (await CliRun.OfAsync(folder, "eif", "rootfs", "app", "--out", "app.cpio")).Succeeds();
        (await CliRun.OfAsync(folder,
            ["eif", "build", "--kernel", "kernel", "--cmdline", "reboot=k", "--ramdisk", "boot.cpio", "--ramdisk", "app.cpio", "--out", "enclave.eif", .. more])).Succeeds();
        return folder;
    }

    private static Task WriteAsync(string folder, string name, string content) => File.WriteAllTextAsync(Path.Combine(folder, name), content, TestContext.Current.CancellationToken);

    private static string Pcr(byte[] content) => Convert.ToHexStringLower(SHA384.HashData([.. new byte[48], .. SHA384.HashData(content)]));
}
