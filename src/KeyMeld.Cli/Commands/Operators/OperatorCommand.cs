using System.CommandLine;
using System.Security.Cryptography;
using System.Text;
using KeyMeld.Cli.Output;
using KeyMeld.Secp256k1;

namespace KeyMeld.Cli.Commands.Operators;

/// <summary><c>keymeld operator token</c>: a new bearer token for operators, and what the gateway is to know of it.</summary>
internal static class OperatorCommand
{
    private const int TokenBytes = 32;

    public static Command Create()
    {
        var command = new Command("operator", "For who runs a gateway.");
        command.Subcommands.Add(Token());
        return command;
    }

    private static Command Token()
    {
        var file = new Option<string?>("--out") { Description = "Where the token goes, readable by you alone; without it it is printed, once." };
        var command = new Command("token", "Draw an operator's bearer token. The gateway is given its SHA-256 only (operator.token_sha256).");
        command.Options.Add(file);
        return command.Runs((parsed, cancellationToken) =>
        {
            Span<byte> secret = stackalloc byte[TokenBytes];
            Span<byte> token = stackalloc byte[2 * TokenBytes];
            try
            {
                SecureRandom.Fill(secret);
                Convert.TryToHexStringLower(secret, token, out _);
                Show(parsed.GetValue(file), token);
            }
            finally
            {
                CryptographicOperations.ZeroMemory(secret);
                CryptographicOperations.ZeroMemory(token);
            }
            return Task.FromResult(0);
        });
    }

    private static void Show(string? file, ReadOnlySpan<byte> token)
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(token));
        if (file is null)
        {
            // The one place that prints it. Beside it nothing keeps it.
            Report.Facts(("token", Encoding.ASCII.GetString(token)), ("token_sha256", hash));
            Report.Say("Keep the token where only operators read it (KEYMELD_OPERATOR_TOKEN, --operator-token FILE); it is not shown again.");
        }
        else
        {
            using var made = new FileStream(file, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite });
            made.Write(token);
            made.WriteByte((byte)'\n');
            Report.Facts(("token", file), ("token_sha256", hash));
        }
        Report.Say($"In the gateway's file: operator: {{ token_sha256: \"{hash}\" }}");
    }
}
