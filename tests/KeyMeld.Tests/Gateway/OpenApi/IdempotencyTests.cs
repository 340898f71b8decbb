using System.Text.Json.Nodes;
using KeyMeld.Tests.Gateway.OpenApi.Examples;
using Microsoft.Data.Sqlite;

namespace KeyMeld.Tests.Gateway.OpenApi;

/// <summary>Every call that changes something, made twice with the same statement: the story of the examples with each line said again.</summary>
public sealed class IdempotencyTests
{
    // Told once: who repeats a statement need not be who made it.
    private static readonly string[] ToldOnce = ["answer", "result"];

    [Fact]
    public async Task Every_post_may_be_repeated_and_changes_nothing_the_second_time()
    {
        await using var example = await ExampleGateway.StartAsync();
        var repeated = new HashSet<string>();
        await ExampleScript.RunAsync(example, async (step, again) =>
        {
            if (step.Method != "POST" || step.Status >= 300)
            {
                return;
            }
            repeated.Add(step.Operation);
            if (step.Operation == "takeRound")
            {
                // Kept in memory only, and the last one ends the signing at any moment: repeated it is taken, or told that it is over.
                Assert.Contains((await example.DoAsync(again)).Status, (int[])[200, 409]);
                return;
            }
            await QuietAsync(example);
            var before = Dump(example.Inside.Database);
            var second = await example.DoAsync(again);
            Assert.Equal((200, Told(step.Answer)), (second.Status, Told(second.Answer)));
            await QuietAsync(example);
            Assert.Equal(before, Dump(example.Inside.Database));
        });
        Assert.Equal(ApiDocument.Committed.Calls.Where(call => call.Method == "POST").Select(call => call.Id).Order(), repeated.Order());
    }

    // What a call set going has come to rest, so that only the repetition can change anything.
    private static Task QuietAsync(ExampleGateway example) => Support.Eventually.TrueAsync(() => example.Inside.Parts.Fleet.Get(0).RequireReady().InFlight == 0);

    private static string Told(JsonNode? answer) => new JsonObject(((JsonObject)answer!).Where(member => !ToldOnce.Contains(member.Key)).Select(member => KeyValuePair.Create(member.Key, member.Value?.DeepClone()))).ToJsonString();

    /// <summary>Everything in the database but the used nonces of Authorizations, which are used by being sent.</summary>
    private static string Dump(string database)
    {
        using var connection = new SqliteConnection($"Data Source={database};Mode=ReadOnly;Pooling=False");
        connection.Open();
        var tables = Rows(connection, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'replay_nonces' ORDER BY name").Select(row => row.Trim()).ToList();
        Assert.True(tables.Count > 5);
        return string.Join('\n', tables.SelectMany(table => Rows(connection, $"SELECT * FROM \"{table}\"").Order(StringComparer.Ordinal).Prepend(table)));
    }

    private static List<string> Rows(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<string>();
        while (reader.Read())
        {
            rows.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? "-" : reader.GetValue(i) is byte[] bytes ? Convert.ToHexString(bytes) : reader.GetValue(i).ToString())));
        }
        return rows;
    }
}
