// BIP-341, wallet test vectors.
using System.Text.Json;
using KeyMeld.Client;
using KeyMeld.Protocol.Groups;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Support;

namespace KeyMeld.Tests.Client.Bitcoin;

public class TaprootOutputTests
{
    private static JsonElement Wallet => Vectors.Json("bip341", "wallet-test-vectors.json");

    [Fact]
    public void Outputs_of_the_bip341_wallet_vectors()
    {
        var (outputs, blocks) = (0, 0);
        foreach (var vector in Wallet.GetProperty("scriptPubKey").EnumerateArray())
        {
            var (given, intermediary, expected) = (vector.GetProperty("given"), vector.GetProperty("intermediary"), vector.GetProperty("expected"));
            var ids = new List<int>();
            var output = TaprootOutput.Of(Key(given, "internalPubkey"), given.GetProperty("scriptTree") is { ValueKind: not JsonValueKind.Null } json ? Tree(json, ids) : null);

            Assert.Equal(Text(intermediary, "merkleRoot"), output.MerkleRoot?.ToString());
            Assert.Equal(Text(intermediary, "tweak"), output.Tweak.ToString());
            Assert.Equal(Text(intermediary, "tweakedPubkey"), output.OutputKey.ToString());
            Assert.Equal(Text(expected, "scriptPubKey"), Convert.ToHexStringLower(output.ScriptPubKey.Span));
            Assert.Equal(Text(expected, "bip350Address"), output.Address(BitcoinNetwork.Mainnet));
            Assert.Equal(ids.Count, output.Leaves.Count);
            foreach (var (id, leaf) in ids.Zip(output.Leaves))
            {
                Assert.Equal(intermediary.GetProperty("leafHashes")[id].GetString(), leaf.Hash.ToString());
                Assert.Equal(expected.GetProperty("scriptPathControlBlocks")[id].GetString(), Convert.ToHexStringLower(output.ControlBlock(leaf)));
                blocks++;
            }
            outputs++;
        }
        Assert.Equal((7, 12), (outputs, blocks));
    }

    [Fact]
    public void Keys_of_the_bip341_key_path_vectors_verify_their_signatures()
    {
        var read = 0;
        foreach (var input in Wallet.GetProperty("keyPathSpending")[0].GetProperty("inputSpending").EnumerateArray())
        {
            var (given, intermediary) = (input.GetProperty("given"), input.GetProperty("intermediary"));
            using var secret = SecretKey.Import(Hex(Text(given, "internalPrivkey")!));
            Assert.Equal(Text(intermediary, "internalPubkey"), secret.XOnlyPublicKey.ToString());
            var root = Text(given, "merkleRoot") is { } hash ? new KeyMeld.Protocol.Ids.Hash32(Hex(hash)) : (KeyMeld.Protocol.Ids.Hash32?)null;
            var tweak = TweakChains.TapTweak(secret.XOnlyPublicKey, root);
            Assert.Equal(Text(intermediary, "tweak"), tweak.ToString());
            using var tweaked = SecretKey.Import(Hex(Text(intermediary, "tweakedPrivkey")!));
            var output = secret.XOnlyPublicKey.WithTweak(tweak.Bytes).ToXOnly();
            Assert.Equal(tweaked.XOnlyPublicKey, output);
            // The witness is the signature, and the hash type where that is not the default.
            var witness = Hex(input.GetProperty("expected").GetProperty("witness")[0].GetString()!);
            Assert.True(output.Verify(Hex(Text(intermediary, "sigHash")!), SchnorrSignature.Parse(witness.AsSpan(0, SchnorrSignature.Size))));
            read++;
        }
        Assert.Equal(7, read);
    }

    [Fact]
    public void A_leaf_that_lets_anybody_spend_says_so()
    {
        ScriptLeaf[] leaves =
        [
            .. ScriptLeaf.AllOf(new TweakChain([new Tweak.Taproot(new ScriptTree.Branch(
                new ScriptTree.Leaf(0xc0, ScriptText.Assemble("OP_1 OP_CHECKSIG")),
                new ScriptTree.Branch(new ScriptTree.Leaf(0xc2, ScriptText.Assemble("OP_0")), new ScriptTree.Leaf(0xc0, new byte[] { 0x00, 0x50 }))))])),
        ];
        Assert.Equal([false, true, true], leaves.Select(leaf => leaf.AnyoneCanSpend));
        Assert.Equal([1, 2, 2], leaves.Select(leaf => leaf.Depth));
        Assert.Equal("OP_0 OP_SUCCESS80", leaves[2].Assembly);
        Assert.Empty(ScriptLeaf.AllOf(new TweakChain([new Tweak.Bip86()])));
    }

    // The vectors give trees as nested pairs of {id, script, leafVersion}; ids are collected from left to right.
    private static ScriptTree Tree(JsonElement json, List<int> ids)
    {
        if (json.ValueKind == JsonValueKind.Array)
        {
            var left = Tree(json[0], ids);
            return new ScriptTree.Branch(left, Tree(json[1], ids));
        }
        ids.Add(json.GetProperty("id").GetInt32());
        return new ScriptTree.Leaf(json.GetProperty("leafVersion").GetInt32(), Hex(Text(json, "script")!));
    }

    private static XOnlyPublicKey Key(JsonElement json, string name) => XOnlyPublicKey.Parse(Hex(Text(json, name)!));

    private static byte[] Hex(string text) => Convert.FromHexString(text);

    private static string? Text(JsonElement json, string name) => json.GetProperty(name).GetString();
}
