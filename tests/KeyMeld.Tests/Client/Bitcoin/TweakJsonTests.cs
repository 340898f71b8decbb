using System.Text;
using System.Text.Json;
using KeyMeld.Client;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Tests.Client.Support;

namespace KeyMeld.Tests.Client.Bitcoin;

public class TweakJsonTests
{
    private const string Value = "0101010101010101010101010101010101010101010101010101010101010101";

    [Fact]
    public void A_chain_with_a_tree_is_read_and_written()
    {
        var chain = Parse($$"""[{"plain": "{{Value}}"}, {"xonly": "{{Value}}"}, {"taproot": ["51", [{"asm": "OP_2 OP_DROP"}, {"script": "52", "leaf": 194}]]}] // agreed""");
        var expected = new TweakChain(
        [
            new Tweak.Plain(new Hash32(Convert.FromHexString(Value))), new Tweak.XOnly(new Hash32(Convert.FromHexString(Value))),
            new Tweak.Taproot(new ScriptTree.Branch(Leaf(0xc0, 0x51), new ScriptTree.Branch(Leaf(0xc0, 0x52, 0x75), Leaf(0xc2, 0x52)))),
        ]);
        Assert.Equal(expected, chain);
        Assert.Equal(expected, Parse(Written(chain)));
        Assert.Equal(new TweakChain([new Tweak.Bip86()]), Parse("\"bip86\""));
        Assert.Equal(TweakChain.Empty, Parse("[]"));
    }

    [Fact]
    public void The_deepest_tree_is_read_and_a_deeper_one_is_refused()
    {
        static string Deep(int depth) => depth == 0 ? "\"51\"" : $"[\"52\", {Deep(depth - 1)}]";
        var chain = Parse($$"""{"taproot": {{Deep(128)}}}""");
        Assert.Equal(128, ((Tweak.Taproot)chain.Tweaks[0]).Tree.Depth);
        Assert.Equal(chain, Parse(Written(chain)));
        Refused.With(ErrorCodes.BadRequest, () => { Parse($$"""{"taproot": {{Deep(129)}}}"""); });
    }

    [Theory]
    [InlineData("nothing", "no JSON")]
    [InlineData("\"bip85\"", "tweak ")]
    [InlineData("[{}]", "tweaks[0]")]
    [InlineData("""[{"plain": "00"}]""", "tweaks[0].plain")]
    [InlineData("""["bip86", "bip86"]""", "last")]
    [InlineData("""[{"plain": "X", "xonly": "X"}]""", "tweaks[0]")]
    [InlineData("""{"taproot": ["51"]}""", "tweak.taproot")]
    [InlineData("""{"taproot": ["51", {"leaf": 193, "script": "51"}]}""", "tweak.taproot[1].leaf")]
    [InlineData("""{"taproot": ["51", {"leaf": 192}]}""", "tweak.taproot[1]")]
    [InlineData("""{"taproot": {"script": "51", "asm": "OP_1"}}""", "tweak.taproot.asm")]
    [InlineData("""{"taproot": {"script": "51", "colour": "blue"}}""", "tweak.taproot.colour")]
    [InlineData("""{"taproot": "5"}""", "tweak.taproot")]
    [InlineData("""{"merkle_root": "00"}""", "tweak ")]
    public void What_is_no_chain_is_refused_and_the_place_is_named(string json, string place)
    {
        var error = Assert.Throws<KeyMeldException>(() => Parse(json));
        Assert.Equal(ErrorCodes.BadRequest, error.Code);
        Assert.Contains(place, error.Message, StringComparison.Ordinal);
    }

    private static TweakChain Parse(string json) => TweakJson.Parse(Encoding.UTF8.GetBytes(json));

    private static ScriptTree.Leaf Leaf(int version, params byte[] script) => new(version, script);

    private static string Written(TweakChain chain)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { MaxDepth = TweakJson.Options.MaxDepth }))
        {
            TweakJson.Write(json, chain);
        }
        return Encoding.UTF8.GetString(buffer.ToArray());
    }
}
