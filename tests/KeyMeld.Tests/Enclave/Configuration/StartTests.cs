using KeyMeld.Enclave.Configuration;

namespace KeyMeld.Tests.Enclave.Configuration;

public class StartTests
{
    [Fact]
    public void The_command_line_says_where_things_are()
    {
        var line = CommandLine.Parse(["--listen", "unix:/run/e.sock", "--config", "c.yaml", "--nsm", "unix:/run/n.sock"]);
        Assert.Equal(("c.yaml", "unix:/run/e.sock", "/run/n.sock"), (line.ConfigurationFile, line.Listen.ToString(), line.NsmSocket));
        Assert.Null(CommandLine.Parse(["--listen", "unix:e", "--config", "c"]).NsmSocket);
        Assert.Equal("vsock:any:5000", CommandLine.Parse(["--listen", "vsock:any:5000", "--config", "c"]).Listen.ToString());
    }

    [Theory]
    [InlineData("--config c --listen unix:e --mode production", "'--mode' is unknown")]
    [InlineData("--config c --listen unix:e --config d", "stands there twice")]
    [InlineData("--config c --listen", "lacks its value")]
    [InlineData("--config c --listen tcp:1", "must be unix:PATH")]
    [InlineData("--config c --listen unix:", "must be unix:PATH")]
    [InlineData("--config c --listen vsock:5000", "vsock:CID:PORT")]
    [InlineData("--config c --listen unix:e --nsm /dev/nsm", "must be unix:PATH")]
    [InlineData("--config c --listen unix:e --nsm vsock:3:1", "--nsm must be unix:PATH")]
    [InlineData("", "--config FILE is missing")]
    public void A_wrong_command_line_is_refused(string line, string complaint) => Assert.Contains(
        Assert.Throws<ConfigurationException>(() => CommandLine.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries))).Errors,
        error => error.Contains(complaint, StringComparison.Ordinal));

    [Theory]
    [InlineData("DOTNET_STARTUP_HOOKS")]
    [InlineData("CORECLR_PROFILER")]
    [InlineData("CORECLR_ENABLE_PROFILING")]
    [InlineData("CORECLR_PROFILER_PATH_64")]
    [InlineData("DOTNET_DiagnosticPorts")]
    [InlineData("dotnet_diagnosticports")]
    [InlineData("DOTNET_EnableDiagnostics_IPC")]
    [InlineData("COMPlus_EnableDiagnostics")]
    [InlineData("DOTNET_DbgEnableMiniDump")]
    [InlineData("DOTNET_GCName")]
    [InlineData("LD_PRELOAD")]
    [InlineData("OPENSSL_CONF")]
    [InlineData("SSLKEYLOGFILE")]
    public void K34_a_variable_that_brings_code_or_an_observer_into_the_process_is_refused(string name) =>
        Assert.Equal([$"The environment variable {name} must not be set for an enclave."], ProcessEnvironment.Complaints([KeyValuePair.Create(name, (string?)"1")]));

    [Fact]
    public void Harmless_variables_and_switched_off_diagnostics_are_no_reason_to_refuse() => Assert.Empty(ProcessEnvironment.Complaints(
        [KeyValuePair.Create("PATH", (string?)"/bin"), new("AWS_PROFILE", "x"), new("HTTPS_PROXY", "x"), new("DOTNET_EnableDiagnostics", "0"), new("DOTNET_ROOT", "/x")]));
}
