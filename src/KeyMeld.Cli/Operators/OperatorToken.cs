using System.CommandLine;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Cli.Operators;

/// <summary>Where the operator's bearer token comes from: a file, or KEYMELD_OPERATOR_TOKEN. Never an argument, which other users of the machine can see.</summary>
internal static class OperatorToken
{
    public const string Variable = "KEYMELD_OPERATOR_TOKEN";
    private const string DevelopmentFile = "data/operator.token";

    public static Option<string?> CreateOption() => new("--operator-token")
    {
        Description = $"File with the operator's bearer token; without it {Variable} from the environment, else {DevelopmentFile} of the development stack.",
    };

    /// <summary>The token, or null where none is to be found.</summary>
    /// <exception cref="KeyMeldException">A file was named and holds no token.</exception>
    public static string? Find(string? file)
    {
        if (file is null && Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } value)
        {
            return value;
        }
        var path = file ?? DevelopmentFile;
        if (!File.Exists(path))
        {
            return file is null ? null : throw new KeyMeldException(ErrorCodes.ConfigurationInvalid, $"There is no file {path}; it should hold the operator's token on one line.");
        }
        var token = File.ReadAllText(path).Trim();
        return token.Length > 0 && !token.Any(char.IsWhiteSpace) ? token : throw new KeyMeldException(ErrorCodes.ConfigurationInvalid, $"{path} should hold the operator's token on one line.");
    }

    /// <exception cref="KeyMeldException">There is none.</exception>
    public static string Require(string? file) => Find(file)
        ?? throw new KeyMeldException(ErrorCodes.Unauthorized, $"This needs the operator's token: --operator-token FILE, or {Variable}.");
}
