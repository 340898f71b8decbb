using System.Diagnostics;
using KeyMeld.Tests.Gateway.Support;

namespace KeyMeld.Tests.Deploy;

/// <summary>The supervisor with a nitro-cli that only notes what it is asked: the real one needs a Nitro parent.</summary>
public sealed class EnclaveSupervisorTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("km-supervisor-");

    public EnclaveSupervisorTests()
    {
        var cli = Path.Combine(_folder.FullName, "nitro-cli");
        File.WriteAllText(cli, """
            #!/bin/sh
            echo "$@" >>"$NITRO/asked"
            case $1 in
              run-enclave) [ -e "$NITRO/broken" ] || touch "$NITRO/up" ;;
              terminate-enclave) rm -f "$NITRO/up" ;;
              describe-enclaves) if [ -e "$NITRO/up" ]; then echo '[{"EnclaveID":"i-0-enc9","EnclaveCID":17,"State":"RUNNING"},{"EnclaveID":"i-0-enc1","EnclaveCID":16,"State":"RUNNING"}]'; else echo '[]'; fi ;;
            esac
            """);
        File.SetUnixFileMode(cli, UnixFileMode.UserRead | UnixFileMode.UserExecute);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task It_starts_the_enclave_and_ends_it_when_it_is_told_to()
    {
        using var supervisor = Start();
        await Eventually.TrueAsync(() => Is("up"));
        await Eventually.TrueAsync(() => Asked().Count(line => line == "describe-enclaves") > 2);

        DeployFiles.Run("kill", ["-TERM", supervisor.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await supervisor.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(0, supervisor.ExitCode);
        Assert.Equal(["run-enclave --eif-path /enclave.eif --enclave-cid 16 --cpu-count 2 --memory 1024", "terminate-enclave --enclave-id i-0-enc1"], Asked().Where(line => line != "describe-enclaves"));
        // Never with --debug-mode: such an enclave measures zero.
        Assert.DoesNotContain(Asked(), line => line.Contains("debug", StringComparison.Ordinal));
    }

    [Fact]
    public async Task It_ends_with_an_error_when_the_enclave_is_gone_so_that_another_is_started()
    {
        using var supervisor = Start();
        await Eventually.TrueAsync(() => Is("up"));

        File.Delete(Path.Combine(_folder.FullName, "up"));
        await supervisor.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(1, supervisor.ExitCode);
    }

    [Fact]
    public async Task An_enclave_that_does_not_stay_is_an_error()
    {
        File.WriteAllText(Path.Combine(_folder.FullName, "broken"), "");
        using var supervisor = Start();
        await supervisor.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(1, supervisor.ExitCode);
    }

    private Process Start()
    {
        DeployFiles.Run("jq", ["--version"]);
        var start = new ProcessStartInfo("bash", [DeployFiles.Of("systemd", "enclave-supervisor"), "16", "/enclave.eif"]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["PATH"] = $"{_folder.FullName}:{Environment.GetEnvironmentVariable("PATH")}";
        start.Environment["NITRO"] = _folder.FullName;
        start.Environment["KEYMELD_LOOK_SECONDS"] = "0.05";
        return Process.Start(start)!;
    }

    private bool Is(string name) => File.Exists(Path.Combine(_folder.FullName, name));

    private string[] Asked() => Is("asked") ? File.ReadAllLines(Path.Combine(_folder.FullName, "asked")) : [];
}
