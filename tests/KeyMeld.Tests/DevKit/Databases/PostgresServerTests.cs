using System.Reflection;
using KeyMeld.DevKit.Databases;
using KeyMeld.DevKit.Stack;
using KeyMeld.Tests.DevKit.Kms.Support;
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
    public async Task Its_password_is_in_two_files_of_its_owner_and_nowhere_else()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        await using var server = await PostgresFixture.NewServerAsync("log_statement=all", "log_connections=on");
        await server.CreateDatabaseAsync("kept", cancellationToken);
        var password = await File.ReadAllTextAsync(server.PasswordFile, cancellationToken);
        Assert.Matches("^[0-9a-f]{32}$", password);

        // The server asks for it: without the file nobody comes in.
        var refused = await Tool.TryRunAsync("psql", ["-h", server.SocketFolder, "-p", FormattableString.Invariant($"{server.Port}"), "-U", server.User, "-w", "-c", "SELECT 1", "kept"]);
        Assert.Contains("no password supplied", refused.Error, StringComparison.Ordinal);

        // What the programs are started with: the server, and a psql that shows its own.
        var seen = new List<string> { await server.RunSqlAsync("kept", @"\! cat /proc/$PPID/environ /proc/$PPID/cmdline", cancellationToken) };
        Assert.Contains("PGPASSFILE=", seen[0], StringComparison.Ordinal);
        foreach (var place in (string[])["environ", "cmdline"])
        {
            seen.Add(await File.ReadAllTextAsync($"/proc/{server.ProcessId}/{place}", cancellationToken));
        }
        // grep: 0 where it is found; files that the server removes meanwhile are none of its findings.
        var holders = (await Tool.TryRunAsync("grep", ["--recursive", "--files-with-matches", "--no-messages", "--devices=skip", "--file", server.PasswordFile, server.Folder])).Output;
        Assert.Equal(["password", "pgpass"], holders.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Path.GetFileName).Order());
        Assert.All((string[])["password", "pgpass"], file => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(server.Folder, file))));
        seen.AddRange(typeof(PostgresServer).GetFields(BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public).Select(field => $"{field.GetValue(server)}"));
        seen.AddRange(typeof(PostgresServer).GetProperties().Where(property => !property.GetMethod!.IsStatic).Select(property => $"{property.GetValue(server)}"));
        Assert.All(seen, text => Assert.DoesNotContain(password, text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_folder_of_before_the_second_file_is_used_with_its_password()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        PostgresFixture.RequireInstalled();
        var parent = Directory.CreateTempSubdirectory("km-");
        var (folder, log) = (Path.Combine(parent.FullName, "postgres"), Path.Combine(parent.FullName, "postgres.log"));
        await (await PostgresServer.StartInAsync(folder, log, cancellationToken)).DisposeAsync();
        File.Delete(Path.Combine(folder, "pgpass"));
        await using (var server = await PostgresServer.StartInAsync(folder, log, cancellationToken))
        {
            Assert.Equal("1", await server.RunSqlAsync("postgres", "SELECT 1", cancellationToken));
        }
        parent.Delete(recursive: true);
    }

    [Fact]
    public async Task What_the_server_does_not_start_with_is_said()
    {
        var refusal = await Assert.ThrowsAsync<StackException>(() => PostgresFixture.NewServerAsync("no_such_setting=1"));
        Assert.Contains("no_such_setting", refusal.Message, StringComparison.Ordinal);
    }
}
