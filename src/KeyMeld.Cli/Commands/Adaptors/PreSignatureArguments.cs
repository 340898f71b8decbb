using System.CommandLine;
using System.Security.Cryptography;
using KeyMeld.Cli.Output;
using KeyMeld.Protocol.Errors;
using KeyMeld.Secp256k1;

namespace KeyMeld.Cli.Commands.Adaptors;

/// <summary>The options that name a pre-signature and what it is for; whoever reads them gets it verified.</summary>
internal sealed class PreSignatureArguments
{
    private readonly Option<string> key = new("--key") { Description = "The output key it is for (64 hex digits).", Required = true };
    private readonly Option<string> point = new("--point") { Description = "The adaptor point (66 hex digits), or a challenge, for the sum of its points; or a file with either.", Required = true };
    private readonly Option<string> preSignature = new("--presignature") { Description = "The pre-signature: 128 hex digits, or 130 of the form with the nonce without the point; or a file with them.", Required = true };
    private readonly Option<string?> file = new("--file") { Description = "The file it signs." };
    private readonly Option<string?> hash = new("--hash") { Description = "The hash it signs (64 hex digits)." };

    public Command AddTo(Command command)
    {
        foreach (var option in (Option[])[key, file, hash, point, preSignature])
        {
            command.Options.Add(option);
        }
        return command;
    }

    /// <summary>Reads and verifies.</summary>
    /// <exception cref="KeyMeldException"><c>presignature_invalid</c>: it does not verify; <c>bad_request</c>: an option is malformed.</exception>
    public VerifiedPreSignature Read(ParseResult parsed)
    {
        if (!XOnlyPublicKey.TryParse(Hexadecimal.Bytes(parsed.GetValue(key)!, XOnlyPublicKey.Size, "--key"), out var outputKey))
        {
            throw new KeyMeldException(ErrorCodes.BadRequest, "--key is not a point of the curve.");
        }
        var adaptor = AdaptorInput.Point(parsed.GetValue(point)!, "--point");
        var message = Message(parsed);
        var text = AdaptorInput.Text(parsed.GetValue(preSignature)!);
        VerifiedPreSignature? verified;
        var isValid = text.Length == 2 * VerifiedPreSignature.NonceFormSize
            ? VerifiedPreSignature.TryParseNonceForm(Hexadecimal.Bytes(text, VerifiedPreSignature.NonceFormSize, "--presignature"), outputKey, message, adaptor, out verified)
            : PreSignature.TryParse(Hexadecimal.Bytes(text, PreSignature.Size, "--presignature"), out var read) & (verified = Verify(read, outputKey, message, adaptor)) is not null;
        return isValid ? verified! : throw new KeyMeldException(ErrorCodes.PreSignatureInvalid, "The pre-signature does not verify for this key, message and point.");
    }

    private static VerifiedPreSignature? Verify(PreSignature? preSignature, XOnlyPublicKey key, byte[] message, PublicKey adaptor) =>
        preSignature is not null && preSignature.TryVerify(key, message, adaptor, out var verified) ? verified : null;

    private byte[] Message(ParseResult parsed)
    {
        switch (parsed.GetValue(file), parsed.GetValue(hash))
        {
            case ({ } path, null):
                using (var content = File.OpenRead(path))
                {
                    return SHA256.HashData(content);
                }
            case (null, { } hex):
                return Hexadecimal.Bytes(hex, 32, "--hash");
            default:
                throw new KeyMeldException(ErrorCodes.BadRequest, "Say what is signed: either --file or --hash.");
        }
    }
}
