using System.Runtime.CompilerServices;

namespace KeyMeld.IntegrationTests.Docs;

/// <summary>
/// A page of <c>docs/</c> with its <c>sh</c> blocks, which are one script: variables and files of one block are there in the next. A block may say more after <c>sh</c>:
/// <c>needs-aws</c> (it needs an account), <c>needs-postgres</c> (it needs a server), <c>needs-containers</c> (it needs an engine) and <c>foreground</c> (it does not end by itself) are read by the shell and not run.
/// </summary>
internal sealed class DocPage
{
    private static readonly string[] Known = ["needs-aws", "needs-postgres", "needs-containers", "foreground"];

    private DocPage(string name, IReadOnlyList<DocBlock> blocks) => (Name, Blocks) = (name, blocks);

    public string Name { get; }

    public IReadOnlyList<DocBlock> Blocks { get; }

    public static DocPage Load(string name)
    {
        var lines = File.ReadAllLines(Path.Combine(Root(), "docs", name));
        var blocks = new List<DocBlock>();
        for (var i = 0; i < lines.Length; i++)
        {
            if (!lines[i].StartsWith("```", StringComparison.Ordinal))
            {
                continue;
            }
            var fence = lines[i][3..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            var start = i + 1;
            var end = Array.FindIndex(lines, start, line => line.StartsWith("```", StringComparison.Ordinal));
            Assert.True(end > i, $"{name}:{start}: the block does not end.");
            i = end;
            if (fence is ["sh", .. var words])
            {
                Assert.All(words, word => Assert.Contains(word, Known));
                blocks.Add(new DocBlock(start, string.Join('\n', lines[start..end]), Runs: words.Length == 0));
            }
        }
        Assert.NotEmpty(blocks);
        return new DocPage(name, blocks);
    }

    /// <summary>The commands that run, one script; each block says its line first, so that a failure has a place.</summary>
    public string Script(Func<string, string> change) =>
        "exec 2>&1\nset -Eeuo pipefail\ntrap 'echo \"failed: $BASH_COMMAND\"' ERR\n" + string.Concat(Blocks.Where(block => block.Runs).Select(block => $"echo '## {Name}:{block.Line}'\n{change(block.Text)}\n"));

    internal static string Root([CallerFilePath] string file = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "..", "..", ".."));
}

/// <summary>A block of commands.</summary>
/// <param name="Line">Where it begins, counted from 1.</param>
/// <param name="Text">The commands.</param>
/// <param name="Runs">Whether it is run, or only read.</param>
internal sealed record DocBlock(int Line, string Text, bool Runs);
