using KeyMeld.DevKit.Databases;
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
    public async Task A_server_in_a_folder_that_stays_is_there_again_even_if_nobody_stopped_it()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        PostgresFixture.RequireInstalled();
        var parent = Directory.CreateTempSubdirectory("km-");
        var (folder, log) = (Path.Combine(parent.FullName, "postgres"), Path.Combine(parent.FullName, "postgres.log"));

        // As a supervisor that is killed leaves it: the first server is not stopped before the second starts.
        var left = await PostgresServer.StartInAsync(folder, log, cancellationToken);
        await left.EnsureDatabaseAsync("kept", cancellationToken);
        await left.RunSqlAsync("kept", "CREATE TABLE numbers (number integer); INSERT INTO numbers VALUES (7)", cancellationToken);
        await using (var server = await PostgresServer.StartInAsync(folder, log, cancellationToken))
        {
            Assert.True(left.Exit.IsCompleted);
            await server.EnsureDatabaseAsync("kept", cancellationToken);
            Assert.Equal("7|on|", await server.RunSqlAsync("kept", "SELECT number, current_setting('fsync'), current_setting('listen_addresses') FROM numbers", cancellationToken));
            Assert.Equal(PostgresServer.In(folder, "kept"), server.For("kept"));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(server.PasswordFile));
            Assert.True(server.Use.ResidentBytes > 1024 * 1024);
        }
        Assert.True(Directory.Exists(folder));
        parent.Delete(recursive: true);
    }

    [Fact]
    public async Task What_the_server_does_not_start_with_is_said()
    {
        var refusal = await Assert.ThrowsAsync<StackException>(() => PostgresFixture.NewServerAsync("no_such_setting=1"));
        Assert.Contains("no_such_setting", refusal.Message, StringComparison.Ordinal);
    }
}
