using KeyMeld.Wire.Transport;
using KeyMeld.Wire.Transport.Vsock;

namespace KeyMeld.Tests.Transport;

public class EnclaveAddressTests
{
    [Theory]
    [InlineData("unix:/run/e.sock")]
    [InlineData("vsock:3:8000")]
    [InlineData("vsock:16:4294967294")]
    [InlineData("vsock:0:1")]
    [InlineData("vsock:any:5000")]
    public void What_is_an_address_is_read_and_written_the_same(string text)
    {
        var address = EnclaveAddress.Parse(text);
        Assert.Equal(text, address.ToString());
        Assert.Equal(address, EnclaveAddress.Parse(address.ToString()));
        Assert.Equal(!text.Contains("any", StringComparison.Ordinal), address.CanConnect);
    }

    [Theory]
    [InlineData("")]
    [InlineData("unix:")]
    [InlineData("unix:a\0b")]
    [InlineData("vsock:3")]
    [InlineData("vsock:3:")]
    [InlineData("vsock::8000")]
    [InlineData("vsock:3:0")]
    [InlineData("vsock:3:08000")]
    [InlineData("vsock:03:8000")]
    [InlineData("vsock:+3:8000")]
    [InlineData("vsock:-1:8000")]
    [InlineData("vsock:3:8000:1")]
    [InlineData("vsock:3:any")]
    [InlineData("vsock:4294967295:8000")]
    [InlineData("vsock:3:4294967295")]
    [InlineData("vsock:4294967296:8000")]
    [InlineData("VSOCK:3:8000")]
    [InlineData("tcp:127.0.0.1:80")]
    public void What_is_none_is_refused(string text)
    {
        Assert.False(EnclaveAddress.TryParse(text, out _));
        Assert.Contains("vsock:CID:PORT", Assert.Throws<FormatException>(() => EnclaveAddress.Parse(text)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_path_longer_than_a_unix_socket_takes_is_refused()
    {
        Assert.True(EnclaveAddress.TryParse("unix:" + new string('s', 107), out _));
        Assert.False(EnclaveAddress.TryParse("unix:" + new string('s', 108), out _));
    }

    [Fact]
    public void A_vsock_address_has_the_kernels_layout()
    {
        var address = new VsockEndPoint(0x01020304, 0x0a0b0c0d).Serialize();
        Assert.Equal("28000000" + "0D0C0B0A" + "04030201" + "00000000", Convert.ToHexString(address.Buffer.Span[..16]));
        Assert.Equal(new VsockEndPoint(0x01020304, 0x0a0b0c0d), new VsockEndPoint(0, 0).Create(address));
        Assert.Throws<ArgumentException>(() => new VsockEndPoint(0, 0).Create(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 1).Serialize()));
    }
}
