using System.CommandLine;
using KeyMeld.Client;

namespace KeyMeld.Cli.Commands.Signings;

/// <summary>How commands take a signing: its line, or a file with it.</summary>
internal static class SigningArgument
{
    public static Argument<string> Create() => new("signing") { Description = "The line that begins with keymeldsign1., or a file with it." };

    /// <summary>The signing that the user names.</summary>
    /// <exception cref="Protocol.Errors.KeyMeldException"><c>bad_request</c>: neither.</exception>
    public static SigningReference Read(ParseResult parsed, Argument<string> argument) => Parse(parsed.GetValue(argument)!);

    /// <summary>The signing of a line, or of a file with one.</summary>
    /// <exception cref="Protocol.Errors.KeyMeldException"><c>bad_request</c>: neither.</exception>
    public static SigningReference Parse(string text) => SigningReference.Parse(File.Exists(text) ? File.ReadAllText(text) : text);
}
