using KeyMeld.Cli.Output;
using KeyMeld.Client;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;

namespace KeyMeld.Cli.Commands.Groups;

/// <summary>
/// Tweaks on the command line: <c>bip86</c>, <c>none</c>, or a chain joined by <c>+</c> of <c>plain:HEX</c>, <c>xonly:HEX</c> and, last, <c>bip86</c> or <c>script:HEX</c> (one script alone). Larger trees come from a
/// JSON file: <c>file:FILE</c>.
/// </summary>
internal static class TweakSyntax
{
    public const string Help = "bip86, none, plain:HEX, xonly:HEX, script:HEX, several joined by +, or file:FILE with JSON (a script tree)";

    private const string FromFile = "file:";

    /// <exception cref="KeyMeldException"><c>bad_request</c>, naming <paramref name="what"/>.</exception>
    public static TweakChain Parse(string text, string what)
    {
        if (text.StartsWith(FromFile, StringComparison.Ordinal))
        {
            return TweakJson.Parse(File.ReadAllBytes(text[FromFile.Length..]));
        }
        if (text == "none")
        {
            return TweakChain.Empty;
        }
        try
        {
            return new TweakChain([.. text.Split('+').Select(tweak => One(tweak, what))]);
        }
        catch (KeyMeldException exception) when (exception.Code != ErrorCodes.BadRequest)
        {
            throw new KeyMeldException(ErrorCodes.BadRequest, exception.Message, exception);
        }
    }

    private static Tweak One(string text, string what) => text.Split(':', 2) switch
    {
        ["bip86"] => new Tweak.Bip86(),
        ["plain", var hex] => new Tweak.Plain(new Hash32(Hexadecimal.Bytes(hex, Hash32.Size, what))),
        ["xonly", var hex] => new Tweak.XOnly(new Hash32(Hexadecimal.Bytes(hex, Hash32.Size, what))),
        ["script", var hex] => new Tweak.Taproot(new ScriptTree.Leaf(ScriptLeaf.Tapscript, Hexadecimal.Bytes(hex, hex.Length / 2, what))),
        _ => throw new KeyMeldException(ErrorCodes.BadRequest, $"{what} takes {Help}."),
    };
}
