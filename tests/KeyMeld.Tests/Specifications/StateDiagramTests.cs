using System.Text;
using CsCheck;
using KeyMeld.Tests.Specifications.Attempts;
using KeyMeld.Tests.Specifications.Groups;
using KeyMeld.Tests.Specifications.Signings;
using KeyMeld.Tests.Support;

namespace KeyMeld.Tests.Specifications;

/// <summary>docs/state-machines.md is drawn from the specifications. <c>KEYMELD_WRITE_DOCS=1</c> writes it anew.</summary>
public class StateDiagramTests
{
    [Fact]
    public void The_diagrams_of_the_documentation_are_those_of_the_specifications()
    {
        var file = Path.Combine(Vectors.SourceRoot(), "docs", "state-machines.md");
        var drawn = Draw();
        if (Environment.GetEnvironmentVariable("KEYMELD_WRITE_DOCS") == "1")
        {
            File.WriteAllText(file, drawn);
        }
        Assert.Equal(drawn, File.ReadAllText(file));
    }

    private static string Draw()
    {
        var page = new StringBuilder("""
            # State machines

            Drawn from the specifications in `tests/KeyMeld.Tests/Specifications` (`KEYMELD_WRITE_DOCS=1 dotnet test` writes this page). Each specification lists every action anybody can take in every
            state and what must hold; it is explored exhaustively, its requirements are tested with deliberate defects, and the real gateway (over HTTP, with its database) or the real enclave (with real nonces) is driven
            along every one of its transitions, refused and repeated calls included. The pictures leave those out: they show what changes something.

            ## A group of two places, A and B, at the gateway
            Protocol sections 5, 8 and 9.


            """);
        Append(page, GroupSpec.Build(changesOnly: true).Mermaid());
        page.Append("""
            ## A signing of three members at the gateway
            Protocol sections 6, 8 and 9. Member 0 requests; two of three must approve, and member 2 has to be among them because it wants to be asked.


            """);
        Append(page, SigningSpec.Build(changesOnly: true).Mermaid());
        page.Append("""
            ## A request in one boot of an enclave
            Protocol section 6, "Nonces". Two attempts and two round-1 sets, A and B; the real limit is 16 attempts. Opened holds unused nonces, answered used them for one set and no other.


            """);
        Append(page, AttemptSpec.Build(attempts: 2, limit: 2, watchChallenges: false, changesOnly: true).Mermaid());
        return page.ToString().ReplaceLineEndings("\n").TrimEnd() + "\n";
    }

    private static void Append(StringBuilder page, string mermaid) => page.Append("```mermaid\n").Append(mermaid.Trim()).Append("\n```\n\n");
}
