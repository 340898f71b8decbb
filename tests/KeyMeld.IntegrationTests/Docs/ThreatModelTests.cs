using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace KeyMeld.IntegrationTests.Docs;

/// <summary>docs/threat-model.md says that each row has tests which carry its number: they are looked for.</summary>
public sealed partial class ThreatModelTests
{
    [Fact]
    public void Every_row_of_the_threat_model_has_a_test_that_carries_its_number()
    {
        var root = Root();
        var rows = Row().Matches(File.ReadAllText(Path.Combine(root, "docs", "threat-model.md"))).Select(match => match.Groups[1].Value).ToList();
        Assert.Equal(rows.Count, rows.Distinct().Count());
        Assert.Equal(37, rows.Count(row => row[0] == 'K'));
        Assert.Equal(23, rows.Count(row => row[0] == 'G'));

        var tested = Directory.EnumerateFiles(Path.Combine(root, "tests"), "*.cs", SearchOption.AllDirectories)
            .SelectMany(file => TestName().Matches(File.ReadAllText(file)))
            .SelectMany(name => Number().Matches(name.Groups[1].Value).Select(number => number.Value)).ToHashSet();

        Assert.Empty(rows.Except(tested));
    }

    private static string Root([CallerFilePath] string file = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "..", "..", ".."));

    [GeneratedRegex(@"^\| ([KGPN][0-9]{2}) \|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"public (?:async )?(?:Task|void) ((?:[KGPN][0-9]{2}_)+)")]
    private static partial Regex TestName();

    [GeneratedRegex("[KGPN][0-9]{2}")]
    private static partial Regex Number();
}
