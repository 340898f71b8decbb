using System.CommandLine;
using System.Text.RegularExpressions;
using KeyMeld.Cli.Commands;
using KeyMeld.IntegrationTests.Support;

namespace KeyMeld.IntegrationTests.Docs;

/// <summary>The commands that the documentation shows do what it says: they are run, in order, against a development stack.</summary>
public sealed partial class DocTests(StackFixture fixture)
{
    /// <summary>Pages whose commands leave the stack whole, so that they share the tests' stack.</summary>
    [Theory]
    [InlineData("api.md")]
    [InlineData("signing.md")]
    [InlineData("releases.md")]
    [InlineData("storage.md")]
    [InlineData("operations.md")]
    [InlineData("deploy-aws.md")]
    public async Task Every_command_of_the_page_runs(string page)
    {
        using var shell = new DocShell(fixture.Stack);
        await shell.RunAsync(DocPage.Load(page));
    }

    /// <summary>Pages whose commands change the stack's keys: on a stack of their own.</summary>
    [Theory]
    [InlineData("kms.md")]
    public async Task Every_command_of_the_page_runs_on_a_stack_of_its_own(string page)
    {
        await using var stack = await StackFixture.OwnStackAsync();
        using var shell = new DocShell(stack);
        await shell.RunAsync(DocPage.Load(page));
    }

    /// <summary>What needs AWS, a server or an engine is not run, but this program's part of it has to be right.</summary>
    [Fact]
    public void Every_command_of_this_program_that_is_only_read_has_its_words_and_options()
    {
        var root = new RootCommand();
        foreach (var command in CommandTable.All)
        {
            root.Subcommands.Add(command);
        }
        string[] pages = ["deploy-aws.md", "kms.md", "operations.md", "releases.md", "signing.md", "storage.md"];
        var lines = pages.SelectMany(page => DocPage.Load(page).Blocks.Where(block => !block.Runs)).SelectMany(block => Command().Matches(block.Text.Replace("\\\n", " ", StringComparison.Ordinal)))
            .Select(match => match.Groups[1].Value).ToList();
        Assert.True(lines.Count > 20, $"{lines.Count} commands");
        Assert.All(lines, line => Assert.Empty(root.Parse(line).Errors.Select(error => $"{line}: {error.Message}")));
    }

    [Fact]
    public void What_does_not_end_by_itself_is_read_and_not_run()
    {
        var page = DocPage.Load("signing.md");
        Assert.Contains(page.Blocks, block => !block.Runs && block.Text.Contains("./keymeld up", StringComparison.Ordinal));
        var script = page.Script(text => text);
        Assert.DoesNotContain("./keymeld up", script, StringComparison.Ordinal);
        Assert.Contains("./keymeld group create", script, StringComparison.Ordinal);
    }

    [GeneratedRegex(@"(?:^|\| |&& |exec stack )(?:\./)?keymeld ((?:(?!&& |\| |\|\| |# )[^\n>;)])*)", RegexOptions.Multiline)]
    private static partial Regex Command();
}
