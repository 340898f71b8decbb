using KeyMeld.Client;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Support;

namespace KeyMeld.Tests.Client.Bitcoin;

public class TaprootAddressTests
{
    private const string GeneratorX = "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";

    [Fact]
    public void Addresses_of_all_output_keys_of_the_bip341_wallet_vectors()
    {
        var read = 0;
        foreach (var vector in Vectors.Json("bip341", "wallet-test-vectors.json").GetProperty("scriptPubKey").EnumerateArray())
        {
            var expected = vector.GetProperty("expected");
            var script = Convert.FromHexString(expected.GetProperty("scriptPubKey").GetString()!);
            Assert.Equal(expected.GetProperty("bip350Address").GetString(), TaprootAddress.Encode(XOnlyPublicKey.Parse(script.AsSpan(2)), BitcoinNetwork.Mainnet));
            read++;
        }
        Assert.Equal(7, read);
    }

    [Theory] // BIP-350, valid addresses
    [InlineData("bc", GeneratorX, "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0")]
    [InlineData("tb", "000000c4a5cad46221b2a187905e5266362b99d5e91c6ce24d165dab93e86433", "tb1pqqqqp399et2xygdj5xreqhjjvcmzhxw4aywxecjdzew6hylgvsesf3hn0c")]
    public void Addresses_of_bip350(string humanReadable, string program, string address) =>
        Assert.Equal(address, Bech32m.EncodeSegwit(humanReadable, 1, Convert.FromHexString(program)));

    [Theory]
    [InlineData(BitcoinNetwork.Mainnet, "bc1p")]
    [InlineData(BitcoinNetwork.Testnet, "tb1p")]
    [InlineData(BitcoinNetwork.Signet, "tb1p")]
    [InlineData(BitcoinNetwork.Regtest, "bcrt1p")]
    public void Each_network_has_its_own_human_readable_part(BitcoinNetwork network, string beginning) =>
        Assert.StartsWith(beginning, TaprootAddress.Encode(XOnlyPublicKey.Parse(Convert.FromHexString(GeneratorX)), network), StringComparison.Ordinal);
}
