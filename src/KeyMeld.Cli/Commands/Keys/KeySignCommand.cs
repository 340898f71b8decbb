using System.CommandLine;
using KeyMeld.Cli.Output;
using KeyMeld.Cli.Profiles;
using KeyMeld.Client;
using KeyMeld.Protocol.Encoding;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Cli.Commands.Keys;

/// <summary><c>keymeld key sign</c>: one signature with a key of one owner, verified before it is shown.</summary>
internal static class KeySignCommand
{
    private static readonly Option<string?> File = new("--file") { Description = "A file to sign (its SHA-256)." };
    private static readonly Option<string?> Hash = new("--hash") { Description = "A 32-byte hash to sign (64 hex digits)." };
    private static readonly Option<SingleSignAlgorithm> Algorithm = new("--algorithm") { Description = "bip340 or ecdsa.", DefaultValueFactory = _ => SingleSignAlgorithm.Bip340 };
    private static readonly Option<string> Tweak = new("--tweak") { Description = "With bip340: none, bip86, or the Merkle root of a script tree (64 hex digits).", DefaultValueFactory = _ => "none" };
    private static readonly Option<BitcoinNetwork> Network = new("--network") { Description = "Network of the address shown.", DefaultValueFactory = _ => BitcoinNetwork.Mainnet };
    private static readonly Option<string?> Out = new("--out") { Description = "Write the signature (128 hex digits) to this file." };

    public static Command Create()
    {
        var profile = new ProfileArguments();
        var name = KeyCommand.Name();
        var command = profile.AddTo(new Command("sign", "Sign a file or a hash with a key of your own."));
        command.Arguments.Add(name);
        foreach (var option in (Option[])[File, Hash, Algorithm, Tweak, Network, Out])
        {
            command.Options.Add(option);
        }
        return command.Runs(async (parsed, cancellationToken) =>
        {
            var message = Message(parsed);
            var tweak = KeyFacts.Tweak(parsed.GetValue(Tweak)!);
            using var session = profile.OpenSession(parsed);
            var keys = session.Client.Keys;
            var key = keys.Load(keys.Find(parsed.GetValue(name)!).Id);
            using var prepared = await keys.PrepareAsync(key, message.ToArray(), parsed.GetValue(Algorithm), tweak, cancellationToken: cancellationToken);
            var signature = await keys.SubmitAsync(prepared, cancellationToken: cancellationToken);
            if (parsed.GetValue(Out) is { } path)
            {
                await System.IO.File.WriteAllTextAsync(path, Hex.Encode(signature.Span) + "\n", cancellationToken);
            }
            Print(prepared, signature.Span, parsed.GetValue(Network));
            return 0;
        });
    }

    private static Hash32 Message(ParseResult parsed) => (parsed.GetValue(File), parsed.GetValue(Hash)) switch
    {
        ({ } path, null) => SigningContent.FromFile(path).Message,
        (null, { } hex) => new Hash32(Hexadecimal.Bytes(hex, Hash32.Size, "--hash")),
        _ => throw new KeyMeldException(ErrorCodes.BadRequest, "Say what to sign: either --file or --hash."),
    };

    // The SDK gives out verified signatures only.
    private static void Print(PreparedKeySigning signed, ReadOnlySpan<byte> signature, BitcoinNetwork network)
    {
        var key = signed.Key;
        var isEcdsa = signed.Algorithm == SingleSignAlgorithm.Ecdsa;
        Report.Facts(
            ("key", key.Id.ToString()),
            ("algorithm", isEcdsa ? "ecdsa" : "bip340"),
            ("message", signed.Message.ToString()),
            (isEcdsa ? "public key" : "output key", isEcdsa ? key.PublicKey.ToString() : key.OutputKey(signed.Tweak).ToString()),
            ("address", isEcdsa ? null : key.Address(network, signed.Tweak)),
            ("signature", Hex.Encode(signature)),
            ("der", isEcdsa ? Hex.Encode(EcdsaSignature.Parse(signature).ToDer()) : null),
            ("verified", "yes"));
    }
}
