using KeyMeld.Client;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;

namespace KeyMeld.Cli.Commands.Keys;

/// <summary>What is shown of a key, and how a tweak is typed.</summary>
internal static class KeyFacts
{
    public static IEnumerable<(string Name, string? Value)> Of(OwnedKey key, BitcoinNetwork network = BitcoinNetwork.Mainnet) =>
    [
        ("key", key.Id.ToString()),
        ("label", key.Label),
        ("state", "ready"),
        ("source", key.Source == KeySource.Made ? "made by the enclave" : "imported"),
        ("public key", key.PublicKey.ToString()),
        ("output key", key.OutputKey(new SingleTweak.Bip86()).ToString()),
        ("address", key.Address(network)),
        ("enclave", $"{key.Enclave.Number}, epoch {key.Enclave.Epoch}"),
    ];

    /// <summary>none, bip86, or the Merkle root of a script tree in hex.</summary>
    /// <exception cref="KeyMeldException"><c>bad_request</c>.</exception>
    public static SingleTweak Tweak(string text) => text switch
    {
        "none" => new SingleTweak.None(),
        "bip86" => new SingleTweak.Bip86(),
        _ when Hash32.TryParse(text, out var root) => new SingleTweak.Root(root),
        _ => throw new KeyMeldException(ErrorCodes.BadRequest, "--tweak takes none, bip86, or the Merkle root of a script tree (64 lower-case hex digits)."),
    };
}
