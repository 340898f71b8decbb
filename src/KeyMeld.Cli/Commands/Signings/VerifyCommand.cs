using System.CommandLine;
using System.Text;
using KeyMeld.Cli.Output;
using KeyMeld.Client;
using KeyMeld.Protocol.Errors;
using KeyMeld.Secp256k1;

namespace KeyMeld.Cli.Commands.Signings;

/// <summary><c>keymeld verify</c>: a finished signature, offline.</summary>
internal static class VerifyCommand
{
    public static Command Create()
    {
        var key = new Option<string>("--key") { Description = "The output key (64 hex digits).", Required = true };
        var signature = new Option<string>("--signature") { Description = "The signature: 128 hex digits, or a file.", Required = true };
        var file = new Option<string?>("--file") { Description = "The signed file." };
        var hash = new Option<string?>("--hash") { Description = "The signed hash (64 hex digits)." };
        var command = new Command("verify", "Verify a BIP-340 signature offline. Exit code 0 only if it is valid.");
        foreach (var option in (Option[])[key, signature, file, hash])
        {
            command.Options.Add(option);
        }
        return command.Runs((parsed, _) =>
        {
            if (!XOnlyPublicKey.TryParse(Hexadecimal.Bytes(parsed.GetValue(key)!, XOnlyPublicKey.Size, "--key"), out var outputKey))
            {
                throw new KeyMeldException(ErrorCodes.BadRequest, "--key is not a point of the curve.");
            }
            var text = parsed.GetValue(signature)!;
            var parsedSignature = SignatureVerification.Parse(File.Exists(text) ? File.ReadAllBytes(text) : Encoding.ASCII.GetBytes(text));
            var valid = (parsed.GetValue(file), parsed.GetValue(hash)) switch
            {
                ({ } path, null) => VerifyFile(outputKey, path, parsedSignature),
                (null, { } hex) => SignatureVerification.Verify(outputKey, Hexadecimal.Bytes(hex, 32, "--hash"), parsedSignature),
                _ => throw new KeyMeldException(ErrorCodes.BadRequest, "Say what was signed: either --file or --hash."),
            };
            if (!valid)
            {
                throw new KeyMeldException(ErrorCodes.SignatureInvalid, "The signature does not verify under this key for this message.");
            }
            Report.Facts(("signature", "valid"), ("key", outputKey.ToString()));
            return Task.FromResult(0);
        });
    }

    private static bool VerifyFile(XOnlyPublicKey key, string path, SchnorrSignature signature)
    {
        using var content = File.OpenRead(path);
        return SignatureVerification.VerifyContent(key, content, signature);
    }
}
