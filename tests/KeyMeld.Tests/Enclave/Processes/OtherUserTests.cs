using System.Diagnostics;
using System.Globalization;
using KeyMeld.DevKit.Stack;
using KeyMeld.Tests.DevKit.Kms.Support;
using KeyMeld.Tests.Enclave.Support;
using KeyMeld.Tests.Gateway.Support;

namespace KeyMeld.Tests.Enclave.Processes;

/// <summary>Another user of the machine, and another process of the enclave's own user, against the program as it is built. Becoming another user takes root.</summary>
public sealed class OtherUserTests(ProcessFixture fixture) : IClassFixture<ProcessFixture>
{
    private const uint Nobody = 65534;
    private static readonly string[] AsNobody = ["--reuid", "65534", "--regid", "65534", "--clear-groups", "--"];

    // Only a guard against hanging.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task N06_another_user_is_hung_up_on_though_the_files_let_it_in()
    {
        RequireRoot();
        var enclave = await fixture.Machine.StartProcessAsync();
        var socket = Path.Combine(fixture.Machine.Folder, "run", Path.GetFileName(enclave.Socket));
        string[] call = ["--silent", "--show-error", "--max-time", "60", "--http2-prior-knowledge", "--unix-socket", socket, "http://enclave/keymeld.v1.Enclave/GetStatus"];
        // Whoever has opened the way to the socket, by mistake or on purpose: the owner still gets an answer of HTTP/2, and only the owner.
        var open = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;
        var (machineMode, runMode) = (File.GetUnixFileMode(fixture.Machine.Folder), File.GetUnixFileMode(Path.GetDirectoryName(socket)!));
        try
        {
            File.SetUnixFileMode(fixture.Machine.Folder, open);
            File.SetUnixFileMode(Path.GetDirectoryName(socket)!, open);
            File.SetUnixFileMode(socket, open | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite);
            Assert.Equal(0, (await Tool.TryRunAsync("curl", call)).ExitCode);

            var (code, output, _) = await Tool.TryRunAsync("setpriv", [.. AsNobody, "curl", .. call]);
            Assert.NotEqual(0, code);
            Assert.Equal("", output);
            // It may write to the socket: what ended it is the enclave.
            Assert.Equal(0, (await Tool.TryRunAsync("setpriv", [.. AsNobody, "test", "-w", socket])).ExitCode);

            Assert.Equal(KeyMeld.Wire.V1.EnclaveStatus.Types.State.Unconfigured, (await enclave.StatusAsync()).State);
        }
        finally
        {
            File.SetUnixFileMode(Path.GetDirectoryName(socket)!, runMode);
            File.SetUnixFileMode(fixture.Machine.Folder, machineMode);
        }
    }

    [Fact]
    public async Task K33_no_process_of_its_own_user_looks_into_an_enclave()
    {
        RequireRoot();
        var folder = Directory.CreateTempSubdirectory("km-nobody-");
        var pipe = Path.Combine(folder.FullName, "enclave.yaml");
        await Tool.RunAsync("mkfifo", ["-m", "644", pipe]);
        // Where the program lies, another user may not come.
        await Tool.RunAsync("cp", ["-r", Path.GetDirectoryName(EnclavePrograms.Enclave)!, Path.Combine(folder.FullName, "program")]);
        await Tool.RunAsync("chmod", ["-R", "a+rX", folder.FullName]);
        // It reads its configuration from a pipe into which nothing is written: there it stands, hardened, before it has done anything else.
        using var enclave = Start([Path.Combine(folder.FullName, "program", Path.GetFileName(EnclavePrograms.Enclave)), "--config", pipe, "--listen", $"unix:{folder.FullName}/e.sock"]);
        using var other = Start(["sleep", "600"]);
        try
        {
            using var reached = await Task.Run(() => new FileStream(pipe, FileMode.Open, FileAccess.Write), TestContext.Current.CancellationToken).WaitAsync(Patience, TestContext.Current.CancellationToken);

            // The other one has become what it is to be.
            await Eventually.TrueAsync(() => File.ReadAllText($"/proc/{other.Id}/comm").Trim() == "sleep");
            Assert.Equal((Nobody, Nobody), (UserOf(enclave.Id), UserOf(other.Id)));
            // proc(5): what belongs to a process that is not dumpable belongs to root.
            Assert.Equal("0", await OwnerAsync(enclave.Id));
            Assert.Equal($"{Nobody}", await OwnerAsync(other.Id));
            Assert.Equal(0, (await ReadAsNobodyAsync(other.Id)).ExitCode);
            var (code, output, error) = await ReadAsNobodyAsync(enclave.Id);
            Assert.NotEqual((0, true), (code, error.Length == 0));
            Assert.Equal("", output);
            Assert.Contains("Permission denied", error, StringComparison.Ordinal);
        }
        finally
        {
            enclave.Kill();
            other.Kill();
            folder.Delete(recursive: true);
        }
    }

    private static void RequireRoot()
    {
        if (Environment.UserName != "root")
        {
            Tool.Missing("setpriv as root");
        }
    }

    private static Process Start(string[] command)
    {
        var start = new ProcessStartInfo("setpriv", [.. AsNobody, .. command]) { RedirectStandardInput = true };
        start.Environment.Clear();
        start.Environment["DOTNET_ROOT"] = Programs.DotnetRoot;
        start.Environment["PATH"] = "/usr/bin:/bin";
        return Process.Start(start)!;
    }

    private static uint UserOf(int pid) => uint.Parse(
        File.ReadAllLines($"/proc/{pid}/status").Single(line => line.StartsWith("Uid:", StringComparison.Ordinal)).Split('\t')[2], CultureInfo.InvariantCulture);

    private static async Task<string> OwnerAsync(int pid) => (await Tool.RunAsync("stat", ["-c", "%u", $"/proc/{pid}/mem"])).Trim();

    private static Task<(int ExitCode, string Output, string Error)> ReadAsNobodyAsync(int pid) =>
        Tool.TryRunAsync("setpriv", [.. AsNobody, "head", "-c", "16", $"/proc/{pid}/maps"]);
}
