using KeyMeld.Client;
using KeyMeld.Protocol.Errors;
using KeyMeld.Tests.Client.Support;

namespace KeyMeld.Tests.Client.Bitcoin;

public class ScriptTextTests
{
    [Theory] // scripts of the BIP-341 wallet vectors, and what wallets use
    [InlineData("20d85a959b0290bf19bb89ed43c916be835475d013da4b362117393e25a48229b8ac", "d85a959b0290bf19bb89ed43c916be835475d013da4b362117393e25a48229b8 OP_CHECKSIG")]
    [InlineData("06424950333431", "424950333431")]
    [InlineData("029000b275", "9000 OP_CHECKSEQUENCEVERIFY OP_DROP")]
    [InlineData("63525a6751b168", "OP_IF OP_2 OP_10 OP_ELSE OP_1 OP_CHECKLOCKTIMEVERIFY OP_ENDIF")]
    [InlineData("00ba529c", "OP_0 OP_CHECKSIGADD OP_2 OP_NUMEQUAL")]
    [InlineData("a914", "OP_HASH160 [push beyond the end: this script always fails]")]
    [InlineData("4d01", "[push beyond the end: this script always fails]")]
    [InlineData("4effffffff00", "[push beyond the end: this script always fails]")]
    [InlineData("", "[empty]")]
    [InlineData("ff", "OP_UNKNOWN255")]
    public void Scripts_are_written_out(string hex, string text)
    {
        Assert.Equal(text, ScriptText.Disassemble(Convert.FromHexString(hex), out var anyone));
        Assert.False(anyone);
    }

    [Fact]
    public void What_is_written_out_is_read_back()
    {
        string[] texts = ["OP_2 OP_CHECKLOCKTIMEVERIFY OP_DROP OP_DUP OP_HASH160 00112233445566778899aabbccddeeff00112233 OP_EQUALVERIFY OP_CHECKSIG", new string('a', 2 * 75), new string('b', 2 * 76), new string('c', 2 * 300), new string('d', 2 * 70_000)];
        foreach (var text in texts)
        {
            Assert.Equal(text, ScriptText.Disassemble(ScriptText.Assemble(text), out _));
        }
        // The shortest push: small numbers are opcodes.
        Assert.Equal([0x51, 0x60, 0x01, 0x11], ScriptText.Assemble("01 10 11"));
    }

    [Fact]
    public void OP_SUCCESS_is_found_wherever_it_stands_but_not_within_pushed_bytes()
    {
        byte[] successes = [80, 98, .. Range(126, 129), .. Range(131, 134), 137, 138, 141, 142, .. Range(149, 153), .. Range(187, 254)];
        for (var code = 0; code < 256; code++)
        {
            ScriptText.Disassemble([0x51, (byte)code, .. new byte[80]], out var anyone);
            Assert.Equal(successes.Contains((byte)code), anyone);
        }
        ScriptText.Disassemble([0x01, 80, 0xac], out var pushed);
        Assert.False(pushed);
    }

    [Theory]
    [InlineData("OP_NONSENSE")]
    [InlineData("abc")]
    [InlineData("xy")]
    public void Unknown_words_are_refused(string text) => Refused.With(ErrorCodes.BadRequest, () => { ScriptText.Assemble(text); });

    private static IEnumerable<byte> Range(int first, int last) => Enumerable.Range(first, last - first + 1).Select(code => (byte)code);
}
