using System.Net;
using KeyMeld.Gateway.Storage.Maintenance;
using KeyMeld.Protocol.Statements;
using KeyMeld.Tests.Gateway.Support;

namespace KeyMeld.Tests.Gateway.Storage.Maintenance;

/// <summary>What a gateway stores when it is used: groups and signings in their states, keys, used nonces, sealed keys of two epochs.</summary>
internal static class FilledDatabase
{
    /// <summary>Uses every part of the API once.</summary>
    public static async Task FillAsync(TestGateway gateway)
    {
        var formed = await TestGroup.FormAsync(gateway, 2, null, true, true);
        await TestGroup.Make(gateway).CreateAsync();
        var erased = TestGroup.Make(gateway);
        await erased.CreateAsync();
        Assert.Equal(HttpStatusCode.OK, (await gateway.PostAsync(erased.Path + "/erase", StatementSigner.Sign(new Erase { Manifest = erased.Hash, User = null, Created = 1 }, erased.Creator).Statement)).Status);
        var completed = new TestSigning(formed);
        await completed.SignAsync(prefer: null);
        Assert.Equal(HttpStatusCode.OK, (await completed.DecideAsync(1, prefer: "wait=30")).Status);
        Assert.Equal("completed", (await completed.ShowAsync()).State);
        await new TestSigning(formed).SignAsync(prefer: null);
        var rejected = new TestSigning(formed);
        await rejected.SignAsync(prefer: null);
        await rejected.DecideAsync(1, Decision.Reject);
        await new TestKey(gateway).AddAsync();
        await new TestKey(gateway, KeySource.Made).AddAsync();
        var gone = new TestKey(gateway);
        await gone.AddAsync();
        Assert.Equal(HttpStatusCode.OK, (await gone.EraseAsync()).Status);
        var (first, second) = (StoreContract.Row(7), StoreContract.Row(7, 2));
        Assert.True(await gateway.Parts.SealedKeys.AddFirstAsync(first));
        Assert.True(await gateway.Parts.SealedKeys.AddNextAsync(first, second));
        Assert.NotNull(await gateway.Parts.Retirements.RetireAsync(7, 1, 2));
    }

    /// <summary>Everything that is in a database, table by table.</summary>
    /// <param name="database">Of either kind.</param>
    /// <param name="version">As a program of that schema version sees it; of the database's own without it.</param>
    public static async Task<List<TableDigest>> DigestsAsync(IRowDatabase database, int? version = null)
    {
        await using var session = await database.ReadAsync();
        var digests = new List<TableDigest>();
        foreach (var table in StoredTables.At(version ?? await session.VersionAsync()))
        {
            digests.Add(await TableDigest.OfAsync(table, session.RowsAsync(table)));
        }
        return digests;
    }

    public static async Task<List<Problem>> ProblemsAsync(IRowDatabase database)
    {
        var problems = new List<Problem>();
        await DatabaseCheck.RunAsync(database, problems.Add);
        return problems;
    }
}

/// <summary>The SQLite file of a gateway that was used and stopped; each test takes a copy.</summary>
public sealed class FilledFile : IAsyncLifetime
{
    private byte[] _content = [];

    public async ValueTask InitializeAsync()
    {
        await using var gateway = await TestGateway.StartAsync();
        await FilledDatabase.FillAsync(gateway);
        await gateway.StopGatewayAsync();
        Assert.False(File.Exists(gateway.Database + "-wal"));
        _content = await File.ReadAllBytesAsync(gateway.Database, TestContext.Current.CancellationToken);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>A copy in a folder of its own.</summary>
    public string Copy()
    {
        var file = Path.Combine(Directory.CreateTempSubdirectory("keymeld-").FullName, "keymeld.db");
        File.WriteAllBytes(file, _content);
        return file;
    }
}
