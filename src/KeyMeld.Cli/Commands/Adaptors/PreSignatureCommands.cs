using System.CommandLine;
using KeyMeld.Cli.Output;
using KeyMeld.Client;
using KeyMeld.Protocol.Errors;
using KeyMeld.Secp256k1;

namespace KeyMeld.Cli.Commands.Adaptors;

/// <summary><c>keymeld adaptor verify|adapt|extract|convert</c>, all offline.</summary>
internal static class PreSignatureCommands
{
    public static Command CreateVerify() => Make("verify", "Verify a pre-signature. Exit code 0 only if it is valid.", [], (_, verified) =>
    {
        Report.Facts(("presignature", "valid"), ("key", verified.Key.ToString()), ("point", verified.Point.ToString()), ("nonce", verified.HasOddNonce ? "odd" : "even"));
        return 0;
    });

    public static Command CreateConvert()
    {
        var output = Output("Write the form that was not given to this file.");
        return Make("convert", "Convert a pre-signature between r ‖ s' (128 hex digits) and the nonce without the point ‖ s' (130), verifying it.", [output], (parsed, verified) =>
        {
            var form = Convert.ToHexStringLower(verified.ToNonceForm());
            Save(parsed.GetValue(output), parsed.GetValue<string>("--presignature") is { } given && AdaptorInput.Text(given).Length == form.Length ? verified.PreSignature.ToString() : form);
            Report.Facts(("presignature", verified.PreSignature.ToString()), ("nonce form", form));
            return 0;
        });
    }

    public static Command CreateAdapt()
    {
        var secrets = new Option<string[]>("--secret") { Description = "The file with the adaptor's secret; - is stdin. Repeat it for the secrets of several points.", Required = true };
        var output = Output("Write the signature to this file.");
        return Make("adapt", "Complete a pre-signature with the secret. Whoever sees the signature learns the secret.", [secrets, output], (parsed, verified) =>
        {
            using var secret = AdaptorInput.Secrets(parsed.GetValue(secrets)!);
            if (!secret.PublicKey.Equals(verified.Point))
            {
                throw new KeyMeldException(ErrorCodes.AdaptorMismatch, "This is not the secret of the adaptor point.");
            }
            var signature = verified.Adapt(secret);
            Save(parsed.GetValue(output), signature.ToString());
            Report.Facts(("signature", signature.ToString()), ("key", verified.Key.ToString()));
            return 0;
        });
    }

    public static Command CreateExtract()
    {
        var published = new Option<string>("--signature") { Description = "The signature that was made of it: 128 hex digits, or a file.", Required = true };
        var output = new Option<string>("--out") { Description = "Write the secret to this file, which must not exist yet; only you can read it.", Required = true };
        return Make("extract", "Learn the adaptor's secret from the signature that was published.", [published, output], (parsed, verified) =>
        {
            if (!verified.TryExtract(AdaptorInput.Signature(parsed.GetValue(published)!), out var secret))
            {
                throw new KeyMeldException(ErrorCodes.AdaptorMismatch, "The signature was not made of this pre-signature.");
            }
            using (secret)
            {
                KeyFile.Write(parsed.GetValue(output)!, secret);
            }
            Report.Facts(("point", verified.Point.ToString()), ("file", parsed.GetValue(output)));
            return 0;
        });
    }

    private static Option<string?> Output(string description) => new("--out") { Description = description };

    private static void Save(string? file, string text)
    {
        if (file is not null)
        {
            File.WriteAllText(file, $"{text}\n");
        }
    }

    private static Command Make(string name, string description, IEnumerable<Option> options, Func<ParseResult, VerifiedPreSignature, int> run)
    {
        var arguments = new PreSignatureArguments();
        var command = arguments.AddTo(new Command(name, description));
        foreach (var option in options)
        {
            command.Options.Add(option);
        }
        return command.Runs((parsed, _) => Task.FromResult(run(parsed, arguments.Read(parsed))));
    }
}
