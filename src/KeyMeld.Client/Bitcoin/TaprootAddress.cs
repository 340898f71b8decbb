using KeyMeld.Secp256k1;

namespace KeyMeld.Client;

/// <summary>Taproot addresses: witness version 1 in bech32m (BIP-341, BIP-350).</summary>
public static class TaprootAddress
{
    /// <summary>The address that pays to an output key.</summary>
    /// <param name="outputKey">The x-only output key, after its tweaks.</param>
    /// <param name="network">The network; testnet and signet share their addresses.</param>
    public static string Encode(XOnlyPublicKey outputKey, BitcoinNetwork network)
    {
        ArgumentNullException.ThrowIfNull(outputKey);
        return Bech32m.EncodeSegwit(HumanReadable(network), 1, outputKey.Bytes);
    }

    private static string HumanReadable(BitcoinNetwork network) => network switch
    {
        BitcoinNetwork.Mainnet => "bc",
        BitcoinNetwork.Testnet or BitcoinNetwork.Signet => "tb",
        BitcoinNetwork.Regtest => "bcrt",
        _ => throw new ArgumentOutOfRangeException(nameof(network)),
    };
}
