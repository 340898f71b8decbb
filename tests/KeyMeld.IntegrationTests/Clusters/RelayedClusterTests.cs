using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using KeyMeld.Cli.Commands;
using KeyMeld.Client;
using KeyMeld.DevKit.Databases;
using KeyMeld.DevKit.Stack;
using KeyMeld.IntegrationTests.Support;
using KeyMeld.Tests.Enclave.Support;

namespace KeyMeld.IntegrationTests.Clusters;

/// <summary>
/// Two gateways as on two hosts, processes all of them, on one real PostgreSQL database: one has the enclaves beside it and hands connections on, the other reaches them through that one only.
/// Members speak to one address, behind which stands the one gateway or the other.
/// </summary>
public sealed class RelayedClusterTests : IAsyncLifetime
{
    private const string Beside = "gateway-beside";
    private const string Elsewhere = "gateway-elsewhere";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly Dictionary<string, Uri> _gateways = new() { [Beside] = Address(), [Elsewhere] = Address() };
    private readonly int _relayPort = StackFixture.FreePort();
    private DevelopmentStack? _stack;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(!PostgresServer.IsInstalled && Environment.GetEnvironmentVariable("CI") is null, "PostgreSQL is not installed: apt-get install postgresql.");
        _stack = await StackFixture.OwnStackAsync(options => options with { OwnPostgres = true });
        await _stack.KillGatewayAsync();
        using var authority = new TestAuthority("relay root");
        await File.WriteAllTextAsync(InFolder("roots.pem"), authority.Pem, Cancel);
        Write("server", authority.Issue("localhost"));
        Write("caller", authority.Issue("elsewhere.internal", forServers: false));
    }

    public async ValueTask DisposeAsync()
    {
        if (_stack is not null)
        {
            await _stack.DisposeAsync();
            Directory.Delete(_stack.Layout.Data, recursive: true);
        }
    }

    [Fact]
    public async Task Groups_and_key_epochs_of_one_gateway_are_used_by_another_that_reaches_the_enclaves_through_it()
    {
        var stack = _stack!;
        await Task.WhenAll(StartAsync(Beside), StartAsync(Elsewhere));
        await ReadyAsync();
        using var alice = stack.NewUser();
        using var bob = stack.NewUser();
        var old = await ThroughAsync(Beside, () => FormAsync(alice, bob));
        await ThroughAsync(Elsewhere, () => SignAsync(alice, old));

        // The order goes to one gateway, by the relay to the enclave, and its row to the database.
        (await CliRun.OfAsync(stack.Layout.Data, "enclave", "rotate", "--enclave", "1", "--gateway", _gateways[Elsewhere].ToString(), "--operator-token", stack.Layout.OperatorToken, "--json")).Succeeds();
        var fresh = await ThroughAsync(Beside, async () =>
        {
            Assert.Equal(2, (await alice.Client.Enclaves.VerifyAsync(1, Cancel)).Newest.Epoch);
            return await FormAsync(alice, bob);
        });
        Assert.Equal([1, 2, 1], fresh.Manifest.Enclaves.OrderBy(enclave => enclave.Id).Select(enclave => enclave.Epoch));

        // Neither gateway was told by the other: the enclaves forget, and both hand them what the database has.
        await stack.KillEnclavesAsync();
        await stack.StartEnclavesAsync(Cancel);
        await ReadyAsync();
        foreach (var gateway in _gateways.Keys)
        {
            await ThroughAsync(gateway, async () =>
            {
                await SignAsync(alice, old);
                await SignAsync(alice, fresh);
                return fresh;
            });
        }

        // Without the relay there is no way to an enclave: what is accepted waits for it.
        await ThroughAsync(Elsewhere, async () =>
        {
            var request = await alice.Client.Signings.PrepareAsync(fresh, [SigningContent.FromHash(RandomNumberGenerator.GetBytes(32))], cancellationToken: Cancel);
            await stack.KillGatewayAsync(Beside);
            Assert.False((await alice.Client.Signings.SubmitAsync(request, TimeSpan.FromSeconds(1), Cancel)).IsFinal);
            await StartAsync(Beside);
            Assert.True((await alice.Client.Signings.WaitAsync(request.Reference, Patience, Cancel)).IsSigned);
            return fresh;
        });
        Assert.Equal("0", await stack.Database!.RunSqlAsync(DevelopmentStack.DatabaseName, "SELECT count(*) FROM signings WHERE state <> 'completed'", Cancel));
    }

    private static Uri Address() => new($"http://127.0.0.1:{StackFixture.FreePort()}");

    private static Task<Group> FormAsync(params TestUser[] users) =>
        users.FormAsync(plan => plan with { Unattended = true, Enclaves = [0, 1, 2] }, new JoinOptions { Approval = false, AcceptUnattended = true });

    private static async Task<Group> SignAsync(TestUser user, Group group)
    {
        var outcome = await user.Client.Signings.SignAsync(group, [SigningContent.FromHash(RandomNumberGenerator.GetBytes(32))], timeout: Patience, cancellationToken: Cancel);
        Assert.True(outcome.IsSigned, $"{outcome.State} {outcome.Error}");
        return group;
    }

    private async Task<T> ThroughAsync<T>(string gateway, Func<Task<T>> work)
    {
        await using var balancer = new Balancer(_stack!.Gateway.Port, _gateways[gateway]);
        return await work();
    }

    private async Task ReadyAsync()
    {
        foreach (var gateway in _gateways.Values)
        {
            var fleet = await FleetView.WaitUntilReadyAsync(gateway, Patience, Cancel);
            Assert.True(fleet.AllReady, $"{gateway} {string.Join(", ", fleet.Reasons.Select(reason => $"enclave {reason.Key}: {reason.Value}"))}");
        }
    }

    private Task StartAsync(string name)
    {
        var (stack, file) = (_stack!, InFolder(name + ".yaml"));
        var server = $"server: {{ listen: \"{Origin(_gateways[name])}\", public_url: \"{Origin(stack.Gateway)}\" }}";
        var relay = name == Beside
            ? $"relay: {{ listen: \"127.0.0.1:{_relayPort}\", certificate: \"{InFolder("server.pem")}\", certificate_key: \"{InFolder("server.key")}\", roots: \"{InFolder("roots.pem")}\", clients: [elsewhere.internal] }}"
            : $"relay: {{ certificate: \"{InFolder("caller.pem")}\", certificate_key: \"{InFolder("caller.key")}\", roots: \"{InFolder("roots.pem")}\" }}";
        var lines = File.ReadAllLines(stack.Layout.GatewayConfiguration).Select(line => line.StartsWith("server:", StringComparison.Ordinal) ? server : line);
        if (name == Elsewhere)
        {
            lines = lines.Select(line => line.Contains("address: \"unix:", StringComparison.Ordinal) ? $"{line[..line.IndexOf("address:", StringComparison.Ordinal)]}address: \"relay:localhost:{_relayPort}\" }}" : line);
        }
        File.WriteAllLines(file, [.. lines, relay]);
        return stack.StartGatewayAsync(name, file, Cancel);
    }

    private static string Origin(Uri uri) => uri.GetLeftPart(UriPartial.Authority);

    private string InFolder(string name) => Path.Combine(_stack!.Layout.Data, name);

    private void Write(string name, X509Certificate2 certificate)
    {
        using (certificate)
        {
            File.WriteAllText(InFolder(name + ".pem"), certificate.ExportCertificatePem());
            File.WriteAllText(InFolder(name + ".key"), certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        }
    }
}
