namespace KeyMeld.Client;

/// <summary>The networks an address can be shown for; each has its own human-readable part (BIP-173, BIP-350).</summary>
public enum BitcoinNetwork
{
    /// <summary><c>bc</c></summary>
    Mainnet,

    /// <summary><c>tb</c></summary>
    Testnet,

    /// <summary><c>tb</c>, like testnet.</summary>
    Signet,

    /// <summary><c>bcrt</c></summary>
    Regtest,
}
