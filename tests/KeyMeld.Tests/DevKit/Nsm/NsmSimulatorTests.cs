using System.Net.Sockets;
using KeyMeld.Attestation;
using KeyMeld.DevKit.Nsm;

namespace KeyMeld.Tests.DevKit.Nsm;

public class NsmSimulatorTests
{
    private static readonly byte[] Nonce = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
    private static readonly byte[] UserData = [.. Enumerable.Range(100, 32).Select(i => (byte)i)];

    [Fact]
    public async Task A_document_of_the_simulator_passes_the_one_verifier_under_its_root()
    {
        await using var machine = new SimulatedMachine();
        var simulator = await machine.StartAsync();
        var verified = machine.Verify(simulator, machine.Attest(UserData, Nonce, null), AttestationExpectations.Identity(Nonce, UserData));
        var measured = Measurement.Of(machine.BinaryFolder, machine.ConfigurationFile);
        Assert.Equal((measured.Pcr0, measured.Pcr1, measured.Pcr2), (verified.Pcrs.Pcr0, verified.Pcrs.Pcr1, verified.Pcrs.Pcr2));
        Assert.Equal(Enumerable.Range(0, 16), verified.Pcrs.Indexes);
        Assert.True(ModuleId.IsEnclave(verified.ModuleId, out var instance));
        Assert.Equal(Convert.ToHexStringLower(PcrMath.OfText(instance)), verified.Pcrs[4]);
        Assert.Equal(machine.Clock.GetUtcNow(), verified.Timestamp);
    }

    [Fact]
    public async Task A_document_of_the_simulator_is_nothing_under_the_AWS_root()
    {
        await using var machine = new SimulatedMachine();
        await machine.StartAsync();
        var document = machine.Attest(UserData, Nonce, null);
        var production = new AttestationVerifier(AttestationRoot.AwsNitroG1, machine.Clock);
        var refusal = Assert.Throws<AttestationException>(() => production.Verify(document, AttestationExpectations.Identity(Nonce, UserData)));
        Assert.Equal(AttestationFailure.Root, refusal.Failure);
    }

    [Fact]
    public async Task A_document_for_KMS_is_no_identity_and_an_identity_is_none_for_KMS()
    {
        await using var machine = new SimulatedMachine();
        var simulator = await machine.StartAsync();
        var forKms = machine.Attest(UserData, Nonce, [1, 2, 3]);
        Assert.Equal([1, 2, 3], machine.Verify(simulator, forKms, AttestationExpectations.KmsRecipient).PublicKey!.Value.ToArray());
        var refusal = Assert.Throws<AttestationException>(() => machine.Verify(simulator, forKms, AttestationExpectations.Identity(Nonce, UserData)));
        Assert.Equal(AttestationFailure.PublicKey, refusal.Failure);
        var identity = machine.Attest(UserData, Nonce, null);
        refusal = Assert.Throws<AttestationException>(() => machine.Verify(simulator, identity, AttestationExpectations.KmsRecipient));
        Assert.Equal(AttestationFailure.PublicKey, refusal.Failure);
    }

    [Fact]
    public async Task The_root_survives_a_restart_and_is_the_file_clients_pin()
    {
        await using var machine = new SimulatedMachine();
        var first = await machine.StartAsync();
        var fingerprint = first.Root.Fingerprint;
        await first.DisposeAsync();
        var second = await machine.StartAsync();
        Assert.Equal(fingerprint, second.Root.Fingerprint);
        Assert.Equal(fingerprint, AttestationRoot.DevelopmentFromPemFile(second.RootCertificatePath).Fingerprint);
        Assert.Equal(Path.Combine(machine.Folder, "nsm", "root.pem"), second.RootCertificatePath);
        machine.Verify(second, machine.Attest(UserData, Nonce, null), AttestationExpectations.Identity(Nonce, UserData));
    }

    [Fact]
    public async Task Key_and_sockets_are_their_owners_only()
    {
        await using var machine = new SimulatedMachine();
        await machine.StartAsync();
        const UnixFileMode ownerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        Assert.Equal(ownerOnly, File.GetUnixFileMode(Path.Combine(machine.Folder, "nsm", "root.key")));
        Assert.Equal(ownerOnly, File.GetUnixFileMode(machine.SocketPath));
        Assert.Equal(ownerOnly | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.GetDirectoryName(machine.SocketPath)!));
        Assert.Equal(ownerOnly | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.Combine(machine.Folder, "nsm")));
    }

    [Fact]
    public async Task A_changed_program_or_configuration_is_another_measurement_at_the_next_connection()
    {
        await using var machine = new SimulatedMachine();
        var simulator = await machine.StartAsync();
        using var running = machine.Connect();
        var before = PcrsOf(running.Attest(null, null, null));
        File.AppendAllText(machine.ConfigurationFile, "\nkms: other");
        var configured = PcrsOf(machine.Attest(null, null, null));
        File.AppendAllText(Path.Combine(machine.BinaryFolder, "enclave.dll"), "!");
        var rebuilt = PcrsOf(machine.Attest(null, null, null));
        Assert.Equal(before, PcrsOf(running.Attest(null, null, null)));
        Assert.NotEqual(before.Pcr0, configured.Pcr0);
        Assert.Equal(before.Pcr1, configured.Pcr1);
        Assert.NotEqual(before.Pcr2, configured.Pcr2);
        Assert.NotEqual(configured.Pcr0, rebuilt.Pcr0);
        Assert.NotEqual(configured.Pcr1, rebuilt.Pcr1);
        Assert.Equal(configured.Pcr2, rebuilt.Pcr2);
    }

    [Fact]
    public async Task Certificates_are_renewed_before_they_run_out_however_long_the_simulator_runs()
    {
        await using var machine = new SimulatedMachine();
        var simulator = await machine.StartAsync();
        foreach (var hours in new[] { 0, 1, 2, 2.4, 3, 25, 150, 500, 24 * 365 })
        {
            machine.Clock.Advance(TimeSpan.FromHours(hours));
            machine.Verify(simulator, machine.Attest(UserData, Nonce, null), AttestationExpectations.Identity(Nonce, UserData));
        }
    }

    [Fact]
    public async Task Every_enclave_has_a_module_of_its_own()
    {
        await using var machine = new SimulatedMachine();
        var second = machine.Enclave with { Id = "1", SocketPath = Path.Combine(machine.Folder, "run", "nsm-1.sock") };
        await machine.StartAsync(second);
        using var one = machine.Connect();
        using var other = machine.Connect(second.SocketPath);
        var modules = new[] { one, other }.Select(connection => AttestationDocument.Parse(connection.Attest(null, null, null)).ModuleId).ToArray();
        Assert.NotEqual(modules[0], modules[1]);
        Assert.Equal(modules[0].Split("-enc")[0], modules[1].Split("-enc")[0]);
    }

    [Fact]
    public async Task An_enclave_that_cannot_be_measured_gets_an_error_and_the_log_says_why()
    {
        await using var machine = new SimulatedMachine();
        await machine.StartAsync();
        File.Delete(machine.ConfigurationFile);
        using (var connection = machine.Connect())
        {
            Assert.Equal(Error("InternalError"), connection.AskHex("6b44657363726962654e534d"));
        }
        Assert.Contains(machine.ConfigurationFile, machine.Log.ToString(), StringComparison.Ordinal);
        File.WriteAllText(machine.ConfigurationFile, "back");
        machine.Attest(null, null, null);
    }

    [Fact]
    public async Task A_stale_socket_is_replaced_a_live_one_and_a_file_are_not()
    {
        await using var machine = new SimulatedMachine();
        await machine.StartAsync();
        var taken = await Assert.ThrowsAsync<IOException>(() => machine.StartAsync());
        Assert.Contains("already", taken.Message, StringComparison.Ordinal);
        machine.Attest(null, null, null);

        var stale = machine.Enclave with { SocketPath = Path.Combine(machine.Folder, "run", "stale.sock") };
        LeaveStaleSocket(stale.SocketPath);
        await using (await NsmSimulator.StartAsync(machine.Folder, [stale], machine.Clock))
        {
            using var connection = machine.Connect(stale.SocketPath);
            connection.Attest(null, null, null);
        }
        Assert.False(File.Exists(stale.SocketPath));

        await File.WriteAllTextAsync(stale.SocketPath, "precious", TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<IOException>(() => NsmSimulator.StartAsync(machine.Folder, [stale], machine.Clock));
        Assert.Equal("precious", await File.ReadAllTextAsync(stale.SocketPath, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_folder_open_to_others_is_no_place_for_a_socket()
    {
        await using var machine = new SimulatedMachine();
        var open = Directory.CreateDirectory(Path.Combine(machine.Folder, "open"));
        open.UnixFileMode |= UnixFileMode.OtherExecute | UnixFileMode.GroupExecute;
        var error = await Assert.ThrowsAsync<IOException>(() => NsmSimulator.StartAsync(
            machine.Folder, [machine.Enclave with { SocketPath = Path.Combine(open.FullName, "nsm.sock") }], machine.Clock));
        Assert.Contains("chmod 700", error.Message, StringComparison.Ordinal);
    }

    internal static string Error(string name) =>
        Convert.ToHexStringLower([0xa1, 0x65, .. "Error"u8, (byte)(0x60 + name.Length), .. System.Text.Encoding.ASCII.GetBytes(name)]);

    private static Pcrs PcrsOf(byte[] document) => AttestationDocument.Parse(document).Pcrs;

    private static void LeaveStaleSocket(string path)
    {
        // A copy made under another name keeps the socket file when its owner closes and removes its own.
        var original = path + ".original";
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(original));
        File.Move(original, path);
    }
}
