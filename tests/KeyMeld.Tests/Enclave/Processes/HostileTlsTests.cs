using System.Security.Cryptography.X509Certificates;
using KeyMeld.Protocol.Errors;
using KeyMeld.Tests.Enclave.Support;
using static KeyMeld.Wire.V1.EnclaveStatus.Types;

namespace KeyMeld.Tests.Enclave.Processes;

/// <summary>Somebody with the host's network, names and trust store between the built program and KMS.</summary>
public class HostileTlsTests
{
    private const string Host = "localhost";

    [Fact]
    public async Task K01_K19_only_a_server_of_the_measured_roots_and_the_right_name_hears_anything()
    {
        await using var machine = await TestMachine.StartAsync(program: EnclavePrograms.Enclave);
        await using var front = new TlsFront(machine.Kms.Endpoint);
        await using var proxy = new TlsFront(machine.Kms.Endpoint);
        using var ours = new TestAuthority("Test Root");
        using var namesake = new TestAuthority("Test Root");
        using var others = new TestAuthority("Another Root");
        var hostsStore = Path.Combine(machine.Folder, "hosts-roots.pem");
        await File.WriteAllTextAsync(hostsStore, namesake.Pem + others.Pem, TestContext.Current.CancellationToken);

        var enclave = await machine.StartProcessAsync(configuration: text => Configured(text, front.Endpoint, ours.Pem), environment: new Dictionary<string, string>
        {
            // What the host would like the enclave to trust and to use.
            ["SSL_CERT_FILE"] = hostsStore,
            ["SSL_CERT_DIR"] = machine.Folder,
            ["HTTPS_PROXY"] = $"http://127.0.0.1:{proxy.Endpoint.Port}",
            ["https_proxy"] = $"http://127.0.0.1:{proxy.Endpoint.Port}",
            ["ALL_PROXY"] = $"http://127.0.0.1:{proxy.Endpoint.Port}",
            ["AWS_ENDPOINT_URL"] = $"http://127.0.0.1:{proxy.Endpoint.Port}",
            ["AWS_ENDPOINT_URL_KMS"] = $"http://127.0.0.1:{proxy.Endpoint.Port}",
            ["AWS_CA_BUNDLE"] = hostsStore,
        });
        await machine.SetPolicyAsync(machine.KeyArn, machine.ClosedPolicy(machine.Measurement));
        await enclave.ConfigureAsync();

        using var good = ours.Issue(Host);
        (string Name, X509Certificate2[]? Shown)[] cases =
        [
            ("a CA of one's own", [others.Issue(Host)]),
            ("a root of the right name and another key", [namesake.Issue(Host)]),
            ("the right root for another name", [ours.Issue("kms.us-west-2.example")]),
            ("a certificate that has expired", [ours.Issue(Host, from: -60, to: -1)]),
            ("one that is not valid yet", [ours.Issue(Host, from: 1)]),
            ("one for clients", [ours.Issue(Host, forServers: false)]),
            ("one that signed itself", [TestAuthority.SelfSigned(Host)]),
            ("one under a server's certificate", [TestAuthority.IssueUnder(good, Host), good]),
            ("plain HTTP", null),
        ];
        foreach (var (name, shown) in cases)
        {
            front.Shown = shown is null ? null : [.. shown];
            var heard = front.BytesHeard;
            var refusal = await EnclaveCaller.RefusalAsync(() => enclave.GenesisAsync());
            Assert.True(refusal.Code is ErrorCodes.KmsUnreachable, $"{name}: {refusal.Code}");
            // A client that speaks first gets its greeting through to a server without TLS; its request it never sends.
            Assert.True(shown is null || front.BytesHeard == heard, $"{name}: something was sent");
            Assert.Equal(ErrorCodes.SealedKeyMissing, (await enclave.StatusAsync()).Reason);
            Array.ForEach(shown ?? [], certificate => certificate.Dispose());
        }
        Assert.Equal(0, machine.Kms.Calls.GetValueOrDefault("GenerateDataKey"));

        using var honest = ours.Issue(Host);
        front.Shown = [honest];
        var row = await enclave.GenesisAsync();
        Assert.Equal(State.Ready, (await enclave.ConfigureAsync(row)).State);
        Assert.Equal(0, proxy.BytesHeard);
    }

    [Fact]
    public async Task K21_a_servers_certificate_is_judged_by_the_attested_time()
    {
        var time = new ShiftedTime { Shift = TimeSpan.FromDays(60) };
        await using var machine = await TestMachine.StartAsync(program: EnclavePrograms.Enclave, nitroTime: time);
        await using var front = new TlsFront(machine.Kms.Endpoint);
        using var ours = new TestAuthority("Test Root");
        var enclave = await machine.StartProcessAsync(configuration: text => Configured(text, front.Endpoint, ours.Pem));
        await enclave.ConfigureAsync();

        using var today = ours.Issue(Host);
        front.Shown = [today];
        Assert.Equal(ErrorCodes.KmsUnreachable, (await EnclaveCaller.RefusalAsync(() => enclave.GenesisAsync())).Code);
        Assert.Equal(0, front.BytesHeard);
        // Valid then, not by the host's clock: the call gets through, and KMS finds it signed in another time than its own.
        using var later = ours.Issue(Host, from: 50, to: 70);
        front.Shown = [later];
        Assert.Equal(ErrorCodes.KmsCredentialsInvalid, (await EnclaveCaller.RefusalAsync(() => enclave.GenesisAsync())).Code);
    }

    [Fact]
    public async Task K04_an_endpoint_of_somebody_else_with_a_key_of_the_same_name_opens_nothing()
    {
        // The whole of KMS is the attacker's: his emulator takes the same credentials and knows a key of the same ARN, with material of his own.
        await using var machine = await TestMachine.StartAsync(program: EnclavePrograms.Enclave);
        await using var theirs = await TestMachine.StartAsync(program: EnclavePrograms.Enclave);
        var enclave = await machine.StartProcessAsync();
        var row = await enclave.BeginAsync();
        var elsewhere = await machine.StartProcessAsync(1, text => text.Replace($"{machine.Kms.Endpoint}", $"{theirs.Kms.Endpoint}", StringComparison.Ordinal));
        var status = await elsewhere.ConfigureAsync(row);
        Assert.Equal((State.Locked, ErrorCodes.KmsCredentialsInvalid), (status.State, status.Reason));
        status = await elsewhere.ConfigureAsync(new KeyMeld.Wire.V1.UntrustedConfigure { Credentials = theirs.Credentials, Rows = { row } });
        Assert.Equal(State.Locked, status.State);
        Assert.Contains(status.Reason, new[] { ErrorCodes.KmsKeyNotFound, ErrorCodes.KmsAttestationRejected });
        // And the host cannot bring the enclave's own KMS to serve that configuration: it is another measurement.
        var rerouted = await machine.StartProcessAsync(1, text => text.Replace("127.0.0.1", "localhost", StringComparison.Ordinal));
        Assert.Equal(ErrorCodes.KmsAccessDenied, (await rerouted.ConfigureAsync(row)).Reason);
        Assert.Equal(State.Ready, (await (await machine.StartProcessAsync()).ConfigureAsync(row)).State);
    }

    private static string Configured(string text, Uri endpoint, string roots)
    {
        var lines = text.Split('\n').Select(line => line.Contains("endpoint_url", StringComparison.Ordinal) ? $"  endpoint_url: \"{endpoint}\"" : line);
        return string.Join('\n', lines) + "  tls_roots: |\n" + string.Concat(roots.Split('\n').Select(line => "    " + line + "\n"));
    }
}
