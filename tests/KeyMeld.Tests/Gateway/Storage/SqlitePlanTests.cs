using System.Security.Cryptography;
using KeyMeld.Gateway.Storage;
using KeyMeld.Gateway.Storage.Sqlite;
using KeyMeld.Protocol.Ids;
using Microsoft.Data.Sqlite;

namespace KeyMeld.Tests.Gateway.Storage;

/// <summary>Nothing the gateway asks its database gets slower with what is stored: SQLite finds every row through an index, says its own query planner.</summary>
public sealed class SqlitePlanTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("keymeld-").FullName;

    private string File => Path.Combine(_folder, "keymeld.db");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Every_statement_about_groups_signings_keys_and_nonces_finds_its_rows_through_an_index()
    {
        IReadOnlyList<string> statements;
        await using (var database = SqliteDatabase.Open(File, TimeProvider.System))
        {
            await UseEverythingAsync(database);
            statements = [.. await database.WriteAsync(session => session.Statements.ToList()), .. await database.ReadAsync(session => session.Statements.ToList())];
        }
        var asked = statements.Where(sql => sql.Contains("WHERE", StringComparison.Ordinal)).Distinct().ToList();

        // Each call of the stores left its own; fewer would mean that something was not asked.
        Assert.True(asked.Count >= 25, string.Join("\n", asked));
        Assert.Empty(asked.SelectMany(sql => PlanOf(sql).Where(IsScan).Select(step => $"{step}: {sql}")));
    }

    [Fact]
    public async Task The_planner_is_believed_only_because_it_shows_a_scan_where_there_is_one()
    {
        await using (SqliteDatabase.Open(File, TimeProvider.System))
        {
        }
        Assert.Contains(PlanOf("SELECT 1 FROM signings WHERE state = 'running'"), IsScan);
        Assert.Contains(PlanOf("SELECT 1 FROM groups WHERE created_ms > 1"), IsScan);
    }

    // A scan of the index of what is unfinished reads just that. The sealed keys are as many as the enclaves.
    private static bool IsScan(string step) => step.StartsWith("SCAN", StringComparison.Ordinal)
        && step is not ("SCAN CONSTANT ROW" or "SCAN signings USING INDEX signings_unfinished" or "SCAN signings USING COVERING INDEX signings_unfinished"
            or "SCAN groups USING INDEX groups_joining" or "SCAN groups USING COVERING INDEX groups_joining")
        && !step.StartsWith("SCAN enclave_", StringComparison.Ordinal);

    private List<string> PlanOf(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={File};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // a statement of the gateway's own
        command.CommandText = "EXPLAIN QUERY PLAN " + sql;
#pragma warning restore CA2100
        foreach (var name in sql.Split([' ', ',', '(', ')', '\n', ';'], StringSplitOptions.RemoveEmptyEntries).Where(word => word[0] == '$').Distinct())
        {
            command.Parameters.AddWithValue(name, DBNull.Value);
        }
        using var reader = command.ExecuteReader();
        var steps = new List<string>();
        while (reader.Read())
        {
            steps.Add(reader.GetString(3));
        }
        return steps;
    }

    private static async Task UseEverythingAsync(SqliteDatabase database)
    {
        var groups = new SqliteGroupStore(database);
        var group = new NewGroup(Hash(), Statement(), Bytes(200), [Bytes(126)], 2_000_000, 1_000_000, [Bytes(32)]);
        await groups.AddAsync(group);
        await groups.AddRegistrationAsync(group.Hash, 0, new StoredRegistration(0, Hash(), Statement(), Bytes(114)), Bytes(32));
        await groups.FormAsync(group.Hash, Hash(), [new StoredReceipt(0, Bytes(64))]);
        await groups.FindAsync(group.Hash);
        await groups.FindByRosterAsync(Hash());
        await groups.HasReaderAsync(group.Hash, Bytes(32));
        await groups.UnfinishedAsync();
        await groups.AbandonedAsync(1000, 1000);
        await groups.EraseEnvelopeAsync(group.Hash, 0);

        var signings = new SqliteSigningStore(database);
        var signing = new NewSigning(Hash(), group.Hash, new Id16(Bytes(16)), 2_000_000, Statement(), Bytes(300), 1);
        var lease = new Lease(new Id16(Bytes(16)), 1000, 2000);
        await signings.AddAsync(signing, null, 10);
        await signings.AddAsync(signing, null, 10);
        await signings.AddAsync(signing with { Request = Hash() }, null, 10);
        await signings.AddApprovalAsync(signing.Request, new StoredApproval(0, true, Statement()), _ => true, lease);
        await signings.ReserveAsync(signing.Request, 1, lease);
        await signings.RenewAsync(lease);
        await signings.FindAsync(signing.Request);
        await signings.StateOfAsync(signing.Request);
        await signings.GroupOfAsync(signing.Request);
        await signings.UnfinishedAsync();
        await signings.AbandonedAsync(1000);
        await signings.UnfinishedOfAsync(group.Hash);
        await signings.ReleaseAsync(lease.Owner);
        await signings.FinishAsync(signing.Request, lease.Owner, new SigningOutcome(SigningState.Completed, [1], null));
        await signings.CloseAsync(signing.Request, new SigningOutcome(SigningState.Expired, null, null));
        await groups.CloseAsync(group.Hash, GroupState.Expired, null);
        await groups.EraseAsync(group.Hash, Hash());

        await new SqliteOverviewStore(database).FailedAsync(1, 50);

        var keys = new SqliteKeyStore(database);
        var key = new NewKey(Hash(), Bytes(32), new Id16(Bytes(16)), 1, Statement(), Bytes(178), Bytes(80));
        await keys.AddAsync(key, 10);
        await keys.FindAsync(key.Hash);
        await keys.FindByIdAsync(key.Auth, key.Id);
        await keys.ListAsync(key.Auth);
        await keys.EraseAsync(key.Hash, Hash());

        var nonces = new SqliteReplayStore(database, TimeProvider.System);
        for (var call = 0; call < 256; call++)
        {
            await nonces.TryUseAsync(Bytes(32), Bytes(16), DateTimeOffset.UnixEpoch);
        }
    }

    private static byte[] Bytes(int count) => RandomNumberGenerator.GetBytes(count);

    private static Hash32 Hash() => new(Bytes(32));

    private static StoredStatement Statement() => new(Bytes(100), Bytes(64));
}
