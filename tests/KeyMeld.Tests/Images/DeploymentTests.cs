using KeyMeld.Enclave.Configuration;
using KeyMeld.Tests.Support;
using KeyMeld.Wire.Transport;

namespace KeyMeld.Tests.Images;

/// <summary>The files of deploy/enclave are what the enclave takes.</summary>
public class DeploymentTests
{
    private static string Folder { get; } = Path.Combine(Vectors.SourceRoot(), "deploy", "enclave");

    [Fact]
    public void The_configuration_to_copy_is_a_production_one()
    {
        var configuration = ConfigurationFile.Read(Path.Combine(Folder, "enclave.yaml"));
        Assert.True(configuration.IsProduction);
        Assert.Equal(new EnclaveAddress.VsockPort(3, 8000), configuration.Kms.Forwarder);
    }

    [Fact]
    public void The_arguments_in_the_image_name_its_configuration_and_listen_on_vsock()
    {
        var line = CommandLine.Parse(File.ReadAllLines(Path.Combine(Folder, "arguments")));
        Assert.Equal("/etc/keymeld/enclave.yaml", line.ConfigurationFile);
        Assert.IsType<EnclaveAddress.VsockPort>(line.Listen);
        Assert.Null(line.NsmSocket);
    }

    [Fact]
    public void The_kernels_command_line_trusts_no_random_numbers_but_the_security_modules()
    {
        var words = File.ReadAllText(Path.Combine(Folder, "cmdline")).Trim().Split(' ');
        Assert.Contains("random.trust_cpu=off", words);
        Assert.Contains("random.trust_bootloader=off", words);
        Assert.DoesNotContain(words, word => word.StartsWith("init=", StringComparison.Ordinal) || word.StartsWith("rdinit=", StringComparison.Ordinal));
    }
}
