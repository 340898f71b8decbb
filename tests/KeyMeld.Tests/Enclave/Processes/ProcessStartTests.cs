using KeyMeld.DevKit.Stack;
using KeyMeld.Tests.Enclave.Support;
using static KeyMeld.Wire.V1.EnclaveStatus.Types;

namespace KeyMeld.Tests.Enclave.Processes;

/// <summary>Whoever starts the program decides its arguments, its environment and, in development, its files: what he cannot do with them.</summary>
public class ProcessStartTests(ProcessFixture fixture) : IClassFixture<ProcessFixture>
{
    private const int BadConfiguration = 2;

    private TestMachine Machine => fixture.Machine;

    [Theory]
    [InlineData("DOTNET_STARTUP_HOOKS", "/tmp/hook.dll")]
    [InlineData("DOTNET_DiagnosticPorts", "/tmp/port.sock,nosuspend")]
    [InlineData("DOTNET_EnableDiagnostics", "1")]
    [InlineData("CORECLR_ENABLE_PROFILING", "1")]
    [InlineData("CORECLR_PROFILER_PATH", "/tmp/profiler.so")]
    [InlineData("DOTNET_DbgEnableMiniDump", "1")]
    [InlineData("DOTNET_EnableEventPipe", "1")]
    [InlineData("LD_AUDIT", "")]
    [InlineData("LD_LIBRARY_PATH", "/nowhere")]
    [InlineData("SSLKEYLOGFILE", "/tmp/keys")]
    [InlineData("OPENSSL_CONF", "/nowhere")]
    public async Task K34_a_variable_that_brings_code_or_an_observer_ends_the_start(string name, string value)
    {
        var (code, output) = await RunAsync(Machine.ConfigurationText, new() { [name] = value });
        Assert.Equal((BadConfiguration, true), (code, output.Contains($"{name} must not be set", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task K34_a_startup_hook_does_not_run()
    {
        var witness = Path.Combine(Machine.Folder, "hook-ran");
        Dictionary<string, string> hooked = new() { ["DOTNET_STARTUP_HOOKS"] = typeof(StartupHook).Assembly.Location, [StartupHook.Variable] = witness };
        await RunAsync(Machine.ConfigurationText, hooked);
        Assert.False(File.Exists(witness));
        // The hook is a good one: a program that allows them runs it.
        await ChildProgram.RunToEndAsync(Programs.Find("KeyMeld.DevKit"), ["--bogus"], hooked);
        Assert.True(File.Exists(witness));
    }

    [Theory]
    [InlineData("KEYMELD_CLEAN_START=1")]
    [InlineData("KEYMELD_CLEAN_START=1 DOTNET_EnableDiagnostics=0 DOTNET_TieredPGO=0")]
    [InlineData("KEYMELD_CLEAN_START=1 DOTNET_EnableDiagnostics=0 HTTPS_PROXY=http://127.0.0.1:9")]
    public async Task K34_nobody_but_the_enclave_declares_its_environment_clean(string variables)
    {
        var (code, output) = await RunAsync(Machine.ConfigurationText, variables.Split(' ').Select(text => text.Split('=', 2)).ToDictionary(parts => parts[0], parts => parts[1]));
        Assert.Equal((BadConfiguration, true), (code, output.Contains("KEYMELD_CLEAN_START", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task K33_K34_a_started_enclave_has_no_environment_no_diagnostics_and_no_core_dumps()
    {
        var enclave = await Machine.StartProcessAsync(environment: new Dictionary<string, string> { ["AWS_SECRET_ACCESS_KEY"] = "canary", ["HOME"] = "/root", ["TMPDIR"] = Machine.Folder });
        Assert.Equal(State.Unconfigured, (await enclave.StatusAsync()).State);
        // The runtime's name for it: the process and when it started (proc(5), field 22 of stat); a process that was killed leaves its own behind, and its number to others.
        var stat = await File.ReadAllTextAsync($"/proc/{enclave.Id}/stat", TestContext.Current.CancellationToken);
        Assert.False(File.Exists(Path.Combine(Path.GetTempPath(), $"dotnet-diagnostic-{enclave.Id}-{stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[19]}-socket")));
        Assert.Empty(Directory.EnumerateFiles(Machine.Folder, "dotnet-diagnostic-*"));
        var core = (await File.ReadAllLinesAsync($"/proc/{enclave.Id}/limits", TestContext.Current.CancellationToken)).Single(line => line.StartsWith("Max core file size", StringComparison.Ordinal));
        Assert.Equal(["0", "0"], core["Max core file size".Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[..2]);
        try
        {
            var names = (await File.ReadAllTextAsync($"/proc/{enclave.Id}/environ", TestContext.Current.CancellationToken)).Split('\0', StringSplitOptions.RemoveEmptyEntries).Select(entry => entry.Split('=')[0]);
            Assert.Equal(["DOTNET_EnableDiagnostics", "DOTNET_ROOT", "KEYMELD_CLEAN_START"], names.Order(StringComparer.Ordinal));
        }
        catch (UnauthorizedAccessException)
        {
            // Only root reads it, which is what was asked for.
        }
    }

    [Theory]
    [InlineData("mode: development", "mode: production", "must be https in production")]
    [InlineData("endpoint_url:", "endpoint_url: \"http://kms.us-west-2.amazonaws.com\" #", "must be https in production")]
    [InlineData("endpoint_url:", "endpoint_url: \"https://kms.us-west-2.example.com\" #", "must be https in production and AWS's own")]
    [InlineData("endpoint_url:", "tls_roots: \"mine\"\n  endpoint_url:", "for development only")]
    [InlineData("endpoint_url:", "enable_attestation: false\n  endpoint_url:", "must be true in production")]
    [InlineData("key_id: \"", "key_id: \"alias/mine\" #", "an alias could be pointed elsewhere")]
    [InlineData("key_id: \"arn:aws:kms:us-west-2", "key_id: \"arn:aws:kms:us-east-1", "names a key of region us-east-1")]
    [InlineData("key_id:", "previous_key_ids: [\"alias/old\"]\n  key_id:", "no full key ARN")]
    public async Task K01_K04_K28_a_configuration_that_weakens_ends_a_production_start(string find, string replace, string complaint)
    {
        var text = Machine.ConfigurationText;
        Assert.Contains(find, text, StringComparison.Ordinal);
        text = text.Replace(find, replace, StringComparison.Ordinal).Replace("mode: development", "mode: production", StringComparison.Ordinal);
        var (code, output) = await RunAsync(text, []);
        Assert.Equal((BadConfiguration, true), (code, output.Contains(complaint, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task K14_K22_a_production_enclave_takes_its_module_from_the_device_and_nowhere_else()
    {
        var production = Machine.ConfigurationText.Replace("mode: development", "mode: production", StringComparison.Ordinal)
            .Replace($"\"{Machine.Kms.Endpoint}\"", "null", StringComparison.Ordinal);
        var (code, output) = await RunAsync(production, []);
        Assert.Equal((BadConfiguration, true), (code, output.Contains("--nsm is for development only", StringComparison.Ordinal)));
        if (!File.Exists("/dev/nsm"))
        {
            (code, output) = await RunAsync(production, [], nsm: false);
            Assert.Equal((1, true), (code, output.Contains("/dev/nsm cannot be opened", StringComparison.Ordinal)));
        }
    }

    [Theory]
    [InlineData("one byte over and over", "all the same")]
    [InlineData("nothing", "not what was asked for")]
    [InlineData("an error", "InternalError")]
    [InlineData("too much", "not what was asked for")]
    public async Task K22_a_module_without_randomness_ends_the_start(string module, string complaint)
    {
        await using var front = NsmFront.Start(Path.Combine(Machine.Folder, "run", "weak.sock"), null, (_, _) => module switch
        {
            "one byte over and over" => KeyMeld.DevKit.Nsm.Device.NsmResponse.GetRandom(Enumerable.Repeat((byte)7, 256).ToArray()),
            "nothing" => KeyMeld.DevKit.Nsm.Device.NsmResponse.GetRandom([]),
            "too much" => KeyMeld.DevKit.Nsm.Device.NsmResponse.GetRandom(new byte[257]),
            _ => KeyMeld.DevKit.Nsm.Device.NsmResponse.Error("InternalError"),
        });
        var (code, output) = await RunAsync(Machine.ConfigurationText, [], front.Path);
        Assert.Equal((1, true), (code, output.Contains(complaint, StringComparison.Ordinal)));
    }

    private Task<(int Code, string Output)> RunAsync(string configuration, Dictionary<string, string> environment, bool nsm) =>
        RunAsync(configuration, environment, nsm ? Machine.Module(0).SocketPath : null);

    private Task<(int Code, string Output)> RunAsync(string configuration, Dictionary<string, string> environment) => RunAsync(configuration, environment, nsm: true);

    private async Task<(int Code, string Output)> RunAsync(string configuration, Dictionary<string, string> environment, string? nsm)
    {
        var file = Path.Combine(Machine.Folder, "start.yaml");
        var socket = Path.Combine(Machine.Folder, "run", "never.sock");
        await File.WriteAllTextAsync(file, configuration, TestContext.Current.CancellationToken);
        string[] arguments = ["--config", file, "--listen", "unix:" + socket, .. nsm is null ? Array.Empty<string>() : ["--nsm", "unix:" + nsm]];
        var ended = await ChildProgram.RunToEndAsync(EnclavePrograms.Enclave, arguments, environment);
        Assert.False(File.Exists(socket));
        return ended;
    }
}
