using KeyMeld.Cli.Commands.Groups;
using KeyMeld.Cli.Commands.Signings;
using KeyMeld.Cli.Output;
using KeyMeld.Client;
using KeyMeld.IntegrationTests.Support;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;

namespace KeyMeld.IntegrationTests.Cli;

/// <summary>Batches in files, and the words for tweaks and subsets: what they mean, and what is refused.</summary>
public sealed class ItemsFileTests(StackFixture fixture) : IDisposable
{
    private const string Hash = "0202020202020202020202020202020202020202020202020202020202020202";
    private const string Point = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
    private readonly string _folder = StackFixture.NewFolder("items");
    private readonly List<TestUser> _users = [.. Enumerable.Range(0, 2).Select(_ => fixture.Stack.NewUser())];

    public void Dispose()
    {
        _users.ForEach(user => user.Dispose());
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Json_and_csv_say_the_same_and_what_is_wrong_is_named()
    {
        var group = await _users.FormAsync(plan => plan with { Subsets = [new PlannedSubset([0, 1]), new PlannedSubset([0, 1]) { Tweaks = TweakChain.Empty }] });
        await File.WriteAllTextAsync(Path.Combine(_folder, "order.txt"), "pay", TestContext.Current.CancellationToken);
        var json = Read(group, "batch.json", $$"""
            [
              {"text": "pay", "name": "a, \"b\""},
              {"file": "order.txt", "subset": 1},
              {"hash": "{{Hash}}", "tweaks": "none", "subset": "{{group.Subsets[0].Id}}"},
              {"hash": "{{Hash}}", "tweaks": ["bip86"], "adaptor": "{{Point}}"},
            ]
            """);
        var csv = Read(group, "batch.csv", $"name,text,file,hash,subset,tweaks,adaptor\r\n\"a, \"\"b\"\"\",pay,,,,,\r\n,,order.txt,,1,,\r\n,,,{Hash},{group.Subsets[0].Id},none,\r\n\r\n,,,{Hash},,bip86,{Point}");
        Assert.Equal(["a, \"b\"", "order.txt", Hash, Hash], json.Select(content => content.Name));
        Assert.Equal([null, group.Subsets[1].Id, group.Subsets[0].Id, null], json.Select(content => content.Subset));
        Assert.Equal([null, null, TweakChain.Empty, new TweakChain([new Tweak.Bip86()])], json.Select(content => content.Tweaks));
        Assert.Equal([null, null, null, Point], json.Select(content => (content.Adaptor as Adaptor.Single)?.Point.ToString()));
        Assert.Equal(json[0].Message, json[1].Message);
        Assert.Equal(json.Select(Said), csv.Select(Said));

        (string File, string Text, string Place)[] wrong =
        [
            ("x.json", "{}", "not an array"),
            ("x.json", "[1]", "item 0"),
            ("x.json", "[", "no JSON"),
            ("x.json", """[{"text": "a"}, {"colour": "blue", "text": "b"}]""", "item 1 has 'colour'"),
            ("x.json", """[{"text": "a", "hash": "00"}]""", "item 0 needs one of"),
            ("x.json", """[{"name": "a"}]""", "item 0 needs one of"),
            ("x.json", """[{"text": "a", "text": "b"}]""", "twice"),
            ("x.json", """[{"hash": "00"}]""", "item 0: hash"),
            ("x.json", """[{"text": "a", "subset": 2}]""", "'2' is no subset"),
            ("x.json", """[{"text": "a", "tweaks": "bip85"}]""", "item 0: tweaks"),
            ("x.json", """[{"text": "a", "adaptor": "00"}]""", "item 0: adaptor"),
            ("x.json", $$"""[{"text": "a", "adaptor": "02{{new string('f', 64)}}"}]""", "not a point"),
            ("x.json", """[{"text": 5}]""", "text is not a text"),
            ("x.json", """[{"file": "absent.txt"}]""", "absent.txt"),
            ("x.csv", "", "first line"),
            ("x.csv", "text,text\na,b", "each once"),
            ("x.csv", "text,name\na", "item 0 has 1 fields"),
        ];
        foreach (var (file, text, place) in wrong)
        {
            var error = Assert.Throws<KeyMeldException>(() => Read(group, file, text));
            Assert.Equal(ErrorCodes.BadRequest, error.Code);
            Assert.Contains(place, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Tweaks_have_words()
    {
        var value = new Hash32(Convert.FromHexString(Hash));
        Assert.Equal(TweakChain.Empty, TweakSyntax.Parse("none", ""));
        Assert.Equal(new TweakChain([new Tweak.Plain(value), new Tweak.XOnly(value), new Tweak.Bip86()]), TweakSyntax.Parse($"plain:{Hash}+xonly:{Hash}+bip86", ""));
        Assert.Equal(new TweakChain([new Tweak.Taproot(new ScriptTree.Leaf(0xc0, new byte[] { 0x51, 0x52 }))]), TweakSyntax.Parse("script:5152", ""));
        foreach (var wrong in (string[])["", "bip86+bip86", "bip86+none", "plain", "plain:00", "script:5", "taproot:51"])
        {
            Assert.Equal(ErrorCodes.BadRequest, Assert.Throws<KeyMeldException>(() => TweakSyntax.Parse(wrong, "--tweaks")).Code);
        }
    }

    [Fact]
    public void Subsets_of_a_group_to_be_are_named_by_their_members()
    {
        PlannedParticipant[] people = [PlannedParticipant.Own(), PlannedParticipant.Invited("bob"), PlannedParticipant.Invited("carol"), PlannedParticipant.Invited("bob")];
        Assert.Equal([0, 2], SubsetSyntax.Parse("me, carol", people).Members);
        Assert.Equal([1, 3], SubsetSyntax.Parse("1,3=none", people).Members);
        Assert.Equal(TweakChain.Empty, SubsetSyntax.Parse("1,3=none", people).Tweaks);
        foreach (var wrong in (string[])["me,bob", "me,dave", "me,4", "", "me,carol=nothing"])
        {
            Assert.Equal(ErrorCodes.BadRequest, Assert.Throws<KeyMeldException>(() => SubsetSyntax.Parse(wrong, people)).Code);
        }
    }

    [Theory]
    [InlineData("a,b\nc,d\n", "a|b;c|d")]
    [InlineData("\"a\nb\",\"\"\n", "a\nb|")]
    [InlineData("\n\na\n", "a")]
    [InlineData("a,", "a|")]
    public void Csv_is_read(string text, string rows) => Assert.Equal(rows, string.Join(';', Csv.Parse(text).Select(row => string.Join('|', row))));

    [Fact]
    public void Csv_that_is_written_is_read_back()
    {
        string[] fields = ["plain", "a,b", "\"quoted\"", "two\nlines", ""];
        Assert.Equal(fields, Assert.Single(Csv.Parse(Csv.Line(fields))));
    }

    private static (Hash32, Id16?, TweakChain?, string?, Adaptor?) Said(SigningContent content) => (content.Message, content.Subset, content.Tweaks, content.Name, content.Adaptor);

    private IReadOnlyList<SigningContent> Read(Group group, string name, string text)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return ItemsFile.Read(path, group);
    }
}
