using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using KeyMeld.Tests.DevKit.Nsm;

namespace KeyMeld.Tests.DevKit;

/// <summary>The program itself, as the supervisor runs it.</summary>
public class DevKitProcessTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task It_says_ready_when_it_answers_and_stops_on_a_signal(string signal)
    {
        await using var machine = new SimulatedMachine();
        using var process = Start(["--data", machine.Folder, "--kms-port", $"{FreePort()}", "--enclave", $"0={machine.SocketPath},{machine.BinaryFolder},{machine.ConfigurationFile}"]);
        try
        {
            Assert.Equal("ready", await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Patience, TestContext.Current.CancellationToken));
            Assert.NotEmpty(machine.Attest(null, null, null));
            using (var kill = Process.Start("kill", [$"-{signal}", $"{process.Id}"]))
            {
                await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
            }
            await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Patience, TestContext.Current.CancellationToken);
            Assert.Equal(0, process.ExitCode);
            Assert.False(File.Exists(machine.SocketPath));
        }
        finally
        {
            process.Kill();
        }
    }

    [Fact]
    public async Task Wrong_arguments_are_all_told_and_exit_with_2()
    {
        using var process = Start(["--bogus"]);
        var errors = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken).WaitAsync(Patience, TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(2, process.ExitCode);
        Assert.Equal(4, errors.TrimEnd().Split('\n').Length);
        Assert.Contains("--data is missing", errors, StringComparison.Ordinal);
        Assert.Contains("--kms-port is missing", errors, StringComparison.Ordinal);
    }

    private static Process Start(string[] arguments) => Process.Start(new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "KeyMeld.DevKit"), arguments)
    {
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
