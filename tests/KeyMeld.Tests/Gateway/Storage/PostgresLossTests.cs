using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using KeyMeld.DevKit.Databases;
using KeyMeld.Gateway.Configuration;
using KeyMeld.Gateway.Storage;
using KeyMeld.Gateway.Storage.Postgres;
using KeyMeld.Protocol.Errors;
using KeyMeld.Tests.Gateway.Support;
using KeyMeld.Tests.Support;

namespace KeyMeld.Tests.Gateway.Storage;

/// <summary>The connection breaks, the server goes and comes back, and is not let in who does not prove who it is.</summary>
public sealed class PostgresLossTests(PostgresFixture fixture)
{
    [Fact]
    public async Task A_commit_whose_answer_is_lost_is_asked_after_and_counts()
    {
        var (server, database) = await fixture.NewDatabaseAsync();
        await using var cutter = new CommitCutter(server.Port);
        await using var stores = await OpenAsync(Over(cutter, server, database));
        var group = NewGroup();
        cutter.CutAfter();

        Assert.True(await stores.Groups.AddAsync(group));

        Assert.True(cutter.HasCut);
        Assert.NotNull(await stores.Groups.FindAsync(group.Hash));
        Assert.False(await stores.Groups.AddAsync(group));
    }

    [Fact]
    public async Task A_commit_that_never_arrived_is_storage_failed_and_nothing_is_kept()
    {
        var (server, database) = await fixture.NewDatabaseAsync();
        await using var cutter = new CommitCutter(server.Port);
        await using var stores = await OpenAsync(Over(cutter, server, database));
        var group = NewGroup();
        cutter.CutBefore();

        var refusal = await Assert.ThrowsAsync<KeyMeldException>(() => stores.Groups.AddAsync(group));

        Assert.Equal(ErrorCodes.StorageFailed, refusal.Code);
        Assert.Null(await stores.Groups.FindAsync(group.Hash));
        Assert.True(await stores.Groups.AddAsync(group));
    }

    [Fact]
    public async Task A_gateway_signs_on_a_server_that_crashed_and_came_back()
    {
        await using var server = await PostgresFixture.NewServerAsync();
        await server.CreateDatabaseAsync("keymeld", TestContext.Current.CancellationToken);
        await using var gateway = await TestGateway.StartAsync(storage: PostgresFixture.StorageOf(server, "keymeld"));
        var group = await TestGroup.FormAsync(gateway, 2, null, true, true);
        var waiting = new TestSigning(group);
        await waiting.SignAsync(prefer: null);
        Assert.Equal("completed", (await SignedAsync(new TestSigning(group))).State);

        await server.CrashAsync();
        (await new TestSigning(group).PostAsync()).IsProblem(System.Net.HttpStatusCode.ServiceUnavailable, ErrorCodes.StorageFailed);
        (await gateway.GetAsync("/api/v1/health/ready")).IsProblem(System.Net.HttpStatusCode.ServiceUnavailable, ErrorCodes.StorageFailed);
        await server.StartAgainAsync(TestContext.Current.CancellationToken);

        Assert.Equal("completed", (await SignedAsync(waiting)).State);
        await gateway.StopGatewayAsync();
        await gateway.StartGatewayAsync();
        await gateway.WhenReadyAsync();
        Assert.Equal("completed", (await waiting.ShowAsync()).State);
    }

    [Fact]
    public async Task N06_a_server_has_to_prove_that_it_is_the_one_named()
    {
        await using var server = await PostgresFixture.NewServerAsync();
        await server.CreateDatabaseAsync("keymeld", TestContext.Current.CancellationToken);
        var good = Settings(server) with { Host = "localhost", Tls = true, RootCertificate = Path.Combine(server.Folder, "root.pem") };
        await RefusedAsync(good with { RootCertificate = null });
        await ServeTlsAsync(server, good.RootCertificate!, "localhost");

        await (await OpenAsync(good)).DisposeAsync();

        await RefusedAsync(good with { Host = "127.0.0.1" });
        await RefusedAsync(good with { RootCertificate = null });
        await ServeTlsAsync(server, Path.Combine(server.Folder, "other.pem"), "localhost");
        await RefusedAsync(good);
    }

    [Fact]
    public async Task A_password_that_is_wrong_or_missing_is_refused_and_never_said()
    {
        var (server, database) = await fixture.NewDatabaseAsync();
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, "not-the-password\n", TestContext.Current.CancellationToken);
        var settings = PostgresFixture.SettingsOf(server, database);

        var wrong = await RefusedAsync(settings with { Password = new PasswordSource(file, null) });
        Assert.DoesNotContain("not-the-password", wrong.ToString(), StringComparison.Ordinal);
        Assert.Contains("password_file", (await RefusedAsync(settings with { Password = new PasswordSource(file + ".not", null) })).ToString(), StringComparison.Ordinal);
        Assert.Contains("KEYMELD_NO_SUCH_VARIABLE", (await RefusedAsync(settings with { Password = new PasswordSource(null, "KEYMELD_NO_SUCH_VARIABLE") })).ToString(), StringComparison.Ordinal);
        await RefusedAsync(settings with { Password = null });

        await File.WriteAllTextAsync(file, await File.ReadAllTextAsync(server.PasswordFile, TestContext.Current.CancellationToken) + "\n", TestContext.Current.CancellationToken);
        await (await OpenAsync(settings with { Password = new PasswordSource(file, null) })).DisposeAsync();
        File.Delete(file);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_storage_failed() => await RefusedAsync(new StorageSettings.Postgres("/nowhere", 1, "k", "u", null, false, null, 2));

    private static async Task<KeyMeld.Protocol.Http.SigningJson> SignedAsync(TestSigning signing)
    {
        await signing.PostAsync();
        (await signing.DecideAsync(1, prefer: "wait=30")).Read(KeyMeld.Protocol.Http.ProtocolJson.Default.StateJson);
        return await signing.ShowAsync();
    }

    private static async Task<KeyMeldException> RefusedAsync(StorageSettings.Postgres settings)
    {
        var refusal = await Assert.ThrowsAsync<KeyMeldException>(() => OpenAsync(settings));
        Assert.Equal(ErrorCodes.StorageFailed, refusal.Code);
        return refusal;
    }

    private static async Task<KeyMeld.Gateway.Storage.Stores> OpenAsync(StorageSettings.Postgres settings) =>
        KeyMeld.Gateway.Storage.Stores.Of(await PostgresConnection.OpenAsync(settings, TimeProvider.System), TimeProvider.System);

    private static StorageSettings.Postgres Settings(PostgresServer server) => PostgresFixture.SettingsOf(server, "keymeld");

    private static StorageSettings.Postgres Over(CommitCutter cutter, PostgresServer server, string database) =>
        PostgresFixture.SettingsOf(server, database) with { Host = "127.0.0.1", Port = cutter.Port };

    private static NewGroup NewGroup() => new(new(StoreContract.Bytes(32, 1)), new StoredStatement([1], new byte[64]), [2], [[3]], null, 1, []);

    // A certificate of its own root for that name, installed as an operator does.
    private static async Task ServeTlsAsync(PostgresServer server, string root, string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var certificate = request.CreateSelfSigned(TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(1));
        await File.WriteAllTextAsync(root, certificate.ExportCertificatePem(), TestContext.Current.CancellationToken);
        await WriteAsync("server.crt", certificate.ExportCertificatePem());
        await WriteAsync("server.key", key.ExportPkcs8PrivateKeyPem());
        foreach (var setting in (string[])[$"ssl_cert_file = '{server.Folder}/server.crt'", $"ssl_key_file = '{server.Folder}/server.key'", "ssl = on"])
        {
            await server.RunSqlAsync("postgres", $"ALTER SYSTEM SET {setting}", TestContext.Current.CancellationToken);
        }
        await server.StopAsync();
        await server.StartAgainAsync(TestContext.Current.CancellationToken);

        Task WriteAsync(string file, string pem) => server.RunSqlAsync(
            "postgres", $"COPY (SELECT unnest(string_to_array('{pem}', E'\\n'))) TO PROGRAM 'umask 077; cat > {server.Folder}/{file}'", TestContext.Current.CancellationToken);
    }
}
