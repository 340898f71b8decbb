using KeyMeld.DevKit;
using KeyMeld.DevKit.Nsm;

namespace KeyMeld.Tests.DevKit;

public class DevKitArgumentsTests
{
    [Fact]
    public void Arguments_are_taken_in_any_order()
    {
        var arguments = DevKitArguments.Parse(
            ["--enclave", "0=run/nsm-0.sock,bin,enclave-0.yaml", "--kms-port", "4566", "--enclave", "1=run/nsm-1.sock,bin,enclave-1.yaml", "--data", "data"], out var errors);
        Assert.Empty(errors);
        Assert.Equal(("data", 4566), (arguments!.DataFolder, arguments.KmsPort));
        Assert.Equal([new SimulatedEnclave("0", "run/nsm-0.sock", "bin", "enclave-0.yaml"), new SimulatedEnclave("1", "run/nsm-1.sock", "bin", "enclave-1.yaml")], arguments.Enclaves);
    }

    [Fact]
    public void Everything_wrong_is_told_at_once()
    {
        var arguments = DevKitArguments.Parse(
            ["--kms-port", "0", "--bogus", "--enclave", "x=a,b,c", "--enclave", "0=a,b", "--enclave", "1=s,b,c", "--enclave", "1=t,b,c", "--enclave", "2=s,b,c", "--enclave"], out var errors);
        Assert.Null(arguments);
        string[] expected = ["not a port", "'--bogus'", "'x=a,b,c'", "'0=a,b'", "--enclave 1 is there more than once", "another enclave has the socket s", "--enclave needs a value", "--data is missing"];
        Assert.Equal(expected.Length, errors.Count);
        Assert.All(expected.Zip(errors), pair => Assert.Contains(pair.First, pair.Second, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("--kms-port", "65536")]
    [InlineData("--kms-port", "-1")]
    [InlineData("--kms-port", "http")]
    [InlineData("--kms-tls", "4567")]
    [InlineData("--kms-tls", "0=kms")]
    [InlineData("--kms-tls", "4567=")]
    [InlineData("--data", "")]
    [InlineData("--enclave", "0=,b,c")]
    [InlineData("--enclave", "-1=a,b,c")]
    [InlineData("--enclave", "0=a,b,c,d")]
    public void A_wrong_value_is_refused(string option, string value) => Assert.Null(DevKitArguments.Parse(["--data", "d", "--kms-port", "1", option, value], out _));

    [Fact]
    public void Tls_is_beside_the_plain_port()
    {
        var tls = DevKitArguments.Parse(["--data", "d", "--kms-port", "1", "--kms-tls", "2=kms.us-west-2.amazonaws.com"], out _)!.Tls!;
        Assert.Equal((2, "kms.us-west-2.amazonaws.com"), (tls.Port, Assert.Single(tls.Names)));
        Assert.Null(DevKitArguments.Parse(["--data", "d", "--enclave", "0=a,b,c", "--kms-tls", "2=kms"], out var errors));
        Assert.Equal(["--kms-tls is beside --kms-port: give both."], errors);
    }

    [Fact]
    public void A_repeated_single_option_is_refused()
    {
        Assert.Null(DevKitArguments.Parse(["--data", "d", "--data", "e", "--kms-port", "1"], out var errors));
        Assert.Equal(["--data is there more than once."], errors);
    }

    [Fact]
    public void A_socket_path_no_unix_socket_can_have_is_refused()
    {
        Assert.Null(DevKitArguments.Parse(["--data", "d", "--kms-port", "1", "--enclave", $"0={new string('s', 108)},b,c"], out var errors));
        Assert.Contains("107", Assert.Single(errors), StringComparison.Ordinal);
    }
}
