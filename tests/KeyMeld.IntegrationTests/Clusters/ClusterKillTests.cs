using System.Globalization;
using KeyMeld.Cli.Commands;
using KeyMeld.Client;
using KeyMeld.DevKit.Databases;
using KeyMeld.DevKit.Stack;
using KeyMeld.IntegrationTests.Support;

namespace KeyMeld.IntegrationTests.Clusters;

/// <summary>Two gateways and three enclaves as processes, a real PostgreSQL server, and clients that know one address. Whoever dies, what was accepted is signed.</summary>
public sealed class ClusterKillTests : IAsyncLifetime
{
    private const int Clients = 4;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly Uri[] _gateways = [Address(StackFixture.FreePort()), Address(StackFixture.FreePort())];
    private PostgresServer _database = null!;
    private DevelopmentStack _stack = null!;
    private Balancer? _balancer;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(!PostgresServer.IsInstalled && Environment.GetEnvironmentVariable("CI") is null, "PostgreSQL is not installed: apt-get install postgresql.");
        _database = await PostgresServer.StartAsync(["fsync=off"], Cancel);
        await _database.CreateDatabaseAsync("cluster", Cancel);
        _stack = await DevelopmentStack.StartAsync(
            new StackOptions { DataDirectory = StackFixture.NewFolder("cluster"), Port = StackFixture.FreePort(), KmsPort = StackFixture.FreePort() }, null, Cancel);
        await _stack.KillGatewayAsync();
        // The enclaves have the keys of a database that is gone now: begin anew with this one.
        await _stack.KillEnclavesAsync();
        await _stack.StartEnclavesAsync(Cancel);
        _balancer = new Balancer(_stack.Gateway.Port, _gateways);
    }

    public async ValueTask DisposeAsync()
    {
        if (_balancer is null)
        {
            return;
        }
        await _balancer.DisposeAsync();
        await _stack.DisposeAsync();
        await _database.DisposeAsync();
        Directory.Delete(_stack.Layout.Data, recursive: true);
    }

    [Fact]
    public async Task Gateways_that_are_killed_under_load_lose_nothing_that_was_accepted()
    {
        // At once, on an empty database: one first key an enclave, whoever makes it.
        await Task.WhenAll(StartAsync(0), StartAsync(1));
        foreach (var gateway in _gateways)
        {
            Assert.True((await FleetView.WaitUntilReadyAsync(gateway, Patience, Cancel)).AllReady);
        }
        Assert.Equal("3", await AskAsync("SELECT count(*) FROM enclave_key_history"));

        using var alice = _stack.NewUser();
        using var bob = _stack.NewUser();
        var group = await ((TestUser[])[alice, bob]).FormAsync(plan => plan with { Unattended = true }, new JoinOptions { Approval = false, AcceptUnattended = true });
        using var load = new Load(alice.Client, group);
        await load.UntilAsync(20);
        await _stack.KillGatewayAsync("gateway-0");
        await load.UntilAsync(20);
        await StartAsync(0);
        await load.UntilAsync(10);
        await _stack.KillGatewayAsync("gateway-1");
        await load.UntilAsync(20);
        var outcomes = await load.StopAsync();

        Assert.All(outcomes, outcome => Assert.True(outcome.IsSigned, $"{outcome.State} {outcome.Error} after {outcome.Attempts} attempts"));
        Assert.Equal(outcomes.Count.ToString(CultureInfo.InvariantCulture), await AskAsync("SELECT count(*) FROM signings WHERE state = 'completed'"));
        Assert.Equal("0", await AskAsync("SELECT count(*) FROM signings WHERE state <> 'completed'"));
    }

    private static Uri Address(int port) => new($"http://127.0.0.1:{port}");

    private Task StartAsync(int number)
    {
        var file = Path.Combine(_stack.Layout.Data, $"gateway-{number}.yaml");
        var (storage, listen) = ($"{{ kind: postgres, host: \"{_database.SocketFolder}\", port: {_database.Port}, database: cluster, user: {_database.User}, password_file: \"{_database.PasswordFile}\", lease_seconds: 2 }}", _gateways[number].GetLeftPart(UriPartial.Authority));
        File.WriteAllLines(file, File.ReadAllLines(_stack.Layout.GatewayConfiguration).Select(line =>
            line.StartsWith("storage:", StringComparison.Ordinal) ? "storage: " + storage
            : line.StartsWith("server:", StringComparison.Ordinal) ? $"server: {{ listen: \"{listen}\", public_url: \"{_stack.Gateway.GetLeftPart(UriPartial.Authority)}\" }}"
            : line));
        return _stack.StartGatewayAsync($"gateway-{number}", file, Cancel);
    }

    private Task<string> AskAsync(string sql) => _database.RunSqlAsync("cluster", sql, Cancel);

    /// <summary>Members who sign one request after the other, each verifying every signature.</summary>
    private sealed class Load : IDisposable
    {
        private readonly List<SigningOutcome> _outcomes = [];
        private readonly Task[] _clients;
        private readonly SemaphoreSlim _ended = new(0);
        private volatile bool _isStopping;

        public Load(KeyMeldClient client, Group group) => _clients = [.. Enumerable.Range(0, Clients).Select(_ => Task.Run(() => SignAsync(client, group)))];

        /// <summary>Goes on until so many more have ended.</summary>
        public async Task UntilAsync(int more)
        {
            for (var count = 0; count < more; count++)
            {
                Assert.True(await _ended.WaitAsync(Patience, Cancel) || _clients.Any(client => client.IsFaulted), "Nothing ended for minutes.");
            }
        }

        public async Task<IReadOnlyList<SigningOutcome>> StopAsync()
        {
            _isStopping = true;
            await Task.WhenAll(_clients);
            return _outcomes;
        }

        public void Dispose() => _ended.Dispose();

        private async Task SignAsync(KeyMeldClient client, Group group)
        {
            try
            {
                while (!_isStopping)
                {
                    var hash = System.Security.Cryptography.RandomNumberGenerator.GetBytes(32);
                    var outcome = await client.Signings.SignAsync(group, [SigningContent.FromHash(hash)], timeout: Patience, cancellationToken: Cancel);
                    lock (_outcomes)
                    {
                        _outcomes.Add(outcome);
                    }
                    _ended.Release();
                }
            }
            finally
            {
                // Nobody waits in vain for a client that failed.
                _ended.Release(100);
            }
        }
    }
}
