using System.Net;
using System.Net.Sockets;
using KeyMeld.DevKit.Stack;
using KeyMeld.Tests.Enclave.Support;
using KeyMeld.Wire.Transport;

namespace KeyMeld.Tests.Gateway.Forwarding;

/// <summary>The forwarder as the program of its own that an operator may run it as.</summary>
public sealed class ForwarderProcessTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("keymeld-forward-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_says_where_it_listens_and_carries_bytes()
    {
        using var target = new TcpListener(IPAddress.Loopback, 0);
        target.Start();
        await using var program = ChildProgram.Start(Programs.Find("KeyMeld.Gateway"),
            ["forward", "--listen", $"unix:{_folder}/kms.sock", "--target", $"127.0.0.1:{((IPEndPoint)target.LocalEndpoint).Port}"], new Dictionary<string, string>());
        await program.ReadyAsync();
        Assert.Equal($"ready unix:{_folder}/kms.sock", program.ReadyLine);
        using var enclave = await LinkSocket.ConnectAsync(EnclaveAddress.Parse($"unix:{_folder}/kms.sock"), Cancellation);
        using var kms = await target.AcceptSocketAsync(Cancellation);
        await enclave.SendAsync("hello"u8.ToArray(), Cancellation);
        var buffer = new byte[5];
        Assert.Equal(5, await kms.ReceiveAsync(buffer, Cancellation));
        Assert.Equal("hello"u8.ToArray(), buffer);
    }

    [Theory]
    [InlineData("--listen unix:/nonexistent/kms.sock --target 127.0.0.1:1 --all", "--all")]
    [InlineData("--listen unix:/proc/kms.sock --target 127.0.0.1:1", "forwarder.listen: ")]
    public async Task What_is_wrong_is_said_and_it_ends(string arguments, string complaint)
    {
        var (code, output) = await ChildProgram.RunToEndAsync(Programs.Find("KeyMeld.Gateway"), ["forward", .. arguments.Split(' ')], new Dictionary<string, string>());
        Assert.Equal((2, true), (code, output.Contains("configuration_invalid", StringComparison.Ordinal) && output.Contains(complaint, StringComparison.Ordinal)));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
