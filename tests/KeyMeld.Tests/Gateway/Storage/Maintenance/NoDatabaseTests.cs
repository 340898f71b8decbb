using KeyMeld.DevKit.Stack;
using KeyMeld.Gateway.Storage.Maintenance;
using KeyMeld.Protocol.Errors;
using KeyMeld.Tests.DevKit.Kms.Support;
using KeyMeld.Tests.Lifecycle;

namespace KeyMeld.Tests.Gateway.Storage.Maintenance;

/// <summary>The database commands where there is no database: each says what is there, with its own code, and makes and changes nothing.</summary>
public sealed class NoDatabaseTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("keymeld-").FullName;

    private string Database => Path.Combine(_folder, "data", "keymeld.db");

    private string Config => Path.Combine(_folder, "gateway.yaml");

    public static TheoryData<string> Commands => ["check", "backup", "migrate", "migrate --to 1", "migrate --dry-run", "copy"];

    public NoDatabaseTests()
    {
        File.WriteAllText(Config, Settings(Database));
        Directory.CreateDirectory(Path.GetDirectoryName(Database)!);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task A_file_that_is_not_there_is_missing_and_is_not_made(string command) => await RefusedAsync(command, ErrorCodes.DatabaseMissing);

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task A_folder_that_is_not_there_is_not_made_either(string command)
    {
        Directory.Delete(Path.GetDirectoryName(Database)!);
        await RefusedAsync(command, ErrorCodes.DatabaseMissing);
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task An_empty_file_is_empty_and_stays_it(string command)
    {
        await File.WriteAllBytesAsync(Database, [], TestContext.Current.CancellationToken);
        await RefusedAsync(command, ErrorCodes.DatabaseEmpty);
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task What_is_no_database_is_invalid_and_stays_as_it_is(string command)
    {
        await File.WriteAllTextAsync(Database, string.Concat(Enumerable.Repeat("A diary, which nobody wants overwritten. ", 100)), TestContext.Current.CancellationToken);
        await RefusedAsync(command, ErrorCodes.DatabaseInvalid);
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task A_database_of_another_program_is_invalid_and_stays_as_it_is(string command)
    {
        await File.WriteAllBytesAsync(Database, [], TestContext.Current.CancellationToken);
        DatabaseFile.Execute(Database, "CREATE TABLE groups (name TEXT)");
        await RefusedAsync(command, ErrorCodes.DatabaseInvalid);
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task A_folder_is_no_database(string command)
    {
        Directory.CreateDirectory(Database);
        await RefusedAsync(command, ErrorCodes.DatabaseInvalid);
    }

    [Fact]
    public async Task Only_the_word_for_it_makes_a_database_and_not_over_something_else()
    {
        await RunAsync("migrate --create");
        await RunAsync("check");
        File.Delete(Database);
        await File.WriteAllTextAsync(Database, string.Concat(Enumerable.Repeat("A diary. ", 100)), TestContext.Current.CancellationToken);
        await RefusedAsync("migrate --create", ErrorCodes.DatabaseInvalid);
        Assert.Null(DbArguments.Parse(["check", "--create", "--config", Config]));
        Assert.Null(DbArguments.Parse(["migrate", "--create", "--dry-run", "--config", Config]));
    }

    [Fact]
    public void Each_has_advice_of_its_own()
    {
        string[] codes = [ErrorCodes.DatabaseMissing, ErrorCodes.DatabaseEmpty, ErrorCodes.DatabaseInvalid, ErrorCodes.DatabaseDenied, ErrorCodes.StorageFailed];
        Assert.Equal(codes.Length, codes.Select(code => ErrorCodes.Get(code).Action).Distinct().Count());
    }

    [Fact]
    public async Task Who_may_not_read_the_file_or_enter_its_folder_is_told_so()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            Assert.SkipUnless(Environment.GetEnvironmentVariable("CI") == "true", "Becoming another user takes root.");
            Assert.Fail("Becoming another user takes root.");
        }
        await RunAsync("migrate --create");
        // Where the program lies, another user may not come.
        await Tool.RunAsync("cp", ["-r", Path.GetDirectoryName(Programs.Find("KeyMeld.Gateway"))!, Path.Combine(_folder, "program")]);
        await Tool.RunAsync("chmod", ["-R", "a+rX", _folder]);
        var program = Path.Combine(_folder, "program", Path.GetFileName(Programs.Find("KeyMeld.Gateway")));
        foreach (var (file, folder) in ((string, string)[])[("600", "755"), ("644", "700")])
        {
            await Tool.RunAsync("chmod", [file, Database]);
            await Tool.RunAsync("chmod", [folder, Path.GetDirectoryName(Database)!]);
            foreach (var command in (string[])["check", "migrate"])
            {
                var before = Files();
                var (code, output, error) = await Tool.TryRunAsync("setpriv", ["--reuid", "65534", "--regid", "65534", "--clear-groups", "--", program, "db", command, "--config", Config]);
                Assert.Equal(3, code);
                Assert.StartsWith($"{ErrorCodes.DatabaseDenied}:", error, StringComparison.Ordinal);
                Assert.Equal("", output);
                Assert.Equal(before, Files());
            }
        }
    }

    private async Task RefusedAsync(string command, string code)
    {
        var before = Files();
        Assert.Equal(code, (await Assert.ThrowsAsync<KeyMeldException>(() => RunAsync(command))).Code);
        Assert.Equal(before, Files());
    }

    private Task<int> RunAsync(string command)
    {
        var words = command.Split(' ').ToList();
        words.InsertRange(1, words[0] == "backup" ? [Path.Combine(_folder, "backup.db")] : []);
        if (words[0] == "copy")
        {
            var target = Path.Combine(_folder, "target.yaml");
            File.WriteAllText(target, Settings(Path.Combine(_folder, "target.db")));
            words.AddRange(["--to-config", target]);
        }
        return DbProgram.RunAsync(DbArguments.Parse([.. words, "--config", Config])!, new Dictionary<string, string>(), TimeProvider.System, TextWriter.Null);
    }

    /// <summary>Every file and folder with its content, but the settings.</summary>
    private string[] Files() =>
    [
        .. Directory.EnumerateFileSystemEntries(_folder, "*", SearchOption.AllDirectories).Where(entry => !entry.EndsWith(".yaml", StringComparison.Ordinal)).Order(StringComparer.Ordinal)
            .Select(entry => File.Exists(entry) ? $"{entry} {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(entry)))}" : entry),
    ];

    private static string Settings(string database) => $$"""
        mode: production
        server: { listen: "http://127.0.0.1:0", public_url: "https://keymeld.example.com" }
        storage: { kind: sqlite, path: "{{database}}" }
        kms: { enabled: true, endpoint_url: null, key_id: "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab", enable_attestation: true }
        enclaves: [ { id: 0, address: "vsock:16:5000" } ]
        """;
}
