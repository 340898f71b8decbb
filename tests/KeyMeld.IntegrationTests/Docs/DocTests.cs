using KeyMeld.IntegrationTests.Support;

namespace KeyMeld.IntegrationTests.Docs;

/// <summary>The commands that the documentation shows do what it says: they are run, in order, against a development stack.</summary>
public sealed class DocTests(StackFixture fixture)
{
    /// <summary>Pages whose commands leave the stack whole, so that they share the tests' stack.</summary>
    [Theory]
    [InlineData("api.md")]
    [InlineData("signing.md")]
    [InlineData("releases.md")]
    [InlineData("storage.md")]
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

    [Fact]
    public void What_does_not_end_by_itself_is_read_and_not_run()
    {
        var page = DocPage.Load("signing.md");
        Assert.Contains(page.Blocks, block => !block.Runs && block.Text.Contains("./keymeld up", StringComparison.Ordinal));
        var script = page.Script(text => text);
        Assert.DoesNotContain("./keymeld up", script, StringComparison.Ordinal);
        Assert.Contains("./keymeld group create", script, StringComparison.Ordinal);
    }
}
