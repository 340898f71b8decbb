using KeyMeld.DevKit.Stack;
using KeyMeld.Tests.Support;

namespace KeyMeld.Tests.DevKit.Databases;

public class PostgresServerTests
{
    [Fact]
    public async Task A_server_comes_back_after_a_crash_with_everything_that_was_committed_and_leaves_nothing_behind()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var server = await PostgresFixture.NewServerAsync();
        await using (server)
        {
            await server.CreateDatabaseAsync("kept", cancellationToken);
            await server.RunSqlAsync("kept", "CREATE TABLE numbers (number integer); INSERT INTO numbers VALUES (7), (8)", cancellationToken);

            await server.CrashAsync();
            await Assert.ThrowsAsync<StackException>(() => server.RunSqlAsync("kept", "SELECT 1", cancellationToken));
            await server.StartAgainAsync(cancellationToken);

            Assert.Equal("7|on\n8|on", await server.RunSqlAsync("kept", "SELECT number, current_setting('fsync') FROM numbers ORDER BY 1", cancellationToken));
        }
        Assert.False(Directory.Exists(server.Folder));
    }

    [Fact]
    public async Task What_the_server_does_not_start_with_is_said()
    {
        var refusal = await Assert.ThrowsAsync<StackException>(() => PostgresFixture.NewServerAsync("no_such_setting=1"));
        Assert.Contains("no_such_setting", refusal.Message, StringComparison.Ordinal);
    }
}
