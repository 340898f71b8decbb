using KeyMeld.Cli.Commands;
using KeyMeld.DevKit.Stack;
using KeyMeld.IntegrationTests.Support;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.IntegrationTests.Cli;

/// <summary><c>--storage</c>: what a development stack makes of it.</summary>
public sealed class StorageOptionTests : IDisposable
{
    private static readonly StackOptions Plain = new() { DataDirectory = "data" };
    private readonly string home = StackFixture.NewFolder("storage");

    public void Dispose() => Directory.Delete(home, recursive: true);

    [Fact]
    public void It_is_a_file_a_server_of_the_stack_or_a_database_of_the_users()
    {
        Assert.Equal(Plain, Plain.WithStorage("sqlite"));
        Assert.Equal(Plain with { OwnPostgres = true }, Plain.WithStorage("postgres"));
        Assert.Equal(new StackDatabase("db.example.com", 5433, "keymeld", "me", null), Plain.WithStorage("postgres://me@db.example.com:5433/keymeld").Postgres);
        Assert.Equal(new StackDatabase("/run/postgresql", 5432, "keymeld", "me", "/etc/word", Tls: false), Plain.WithStorage("postgres://me@%2Frun%2Fpostgresql/keymeld?password_file=/etc/word&tls=off").Postgres);
    }

    [Theory]
    [InlineData("mysql")]
    [InlineData("postgres://db.example.com/keymeld")]
    [InlineData("postgres://me@db.example.com")]
    [InlineData("postgres://me@db.example.com:99999/keymeld")]
    [InlineData("postgres://me:word@db.example.com/keymeld")]
    [InlineData("postgres://me@db.example.com/keymeld?sslmode=off")]
    public async Task Anything_else_is_refused_before_anything_starts(string storage)
    {
        (await CliRun.OfAsync(home, "up", "--data", "data", "--storage", storage)).FailsWith(ErrorCodes.BadRequest);
        Assert.False(Directory.Exists(Path.Combine(home, "data")));
    }

    [Theory]
    [InlineData("up", "--data", "data", "--gateways", "2")]
    [InlineData("load", "--data", "data", "--gateways", "2")]
    [InlineData("soak", "--data", "data", "--gateways", "2", "--storage", "sqlite")]
    public async Task Several_gateways_without_a_common_database_are_refused_before_anything_starts(params string[] command)
    {
        (await CliRun.OfAsync(home, command)).FailsWith(ErrorCodes.BadRequest);
        Assert.False(Directory.Exists(Path.Combine(home, "data", "run")));
    }

    [Fact]
    public async Task A_configuration_of_the_users_says_itself_where_the_database_is()
    {
        await File.WriteAllTextAsync(Path.Combine(home, "gateway.yaml"), "mode: development", TestContext.Current.CancellationToken);
        (await CliRun.OfAsync(home, "up", "--data", "data", "--config", "gateway.yaml", "--storage", "postgres")).FailsWith(ErrorCodes.BadRequest);
    }
}
