// BIP-341, "Constructing and spending Taproot outputs", "Script validation rules" (control blocks); BIP-86 for an output without scripts.
using KeyMeld.Protocol.Groups;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Client;

/// <summary>A taproot output laid open: its internal key, everything that can spend it by script, and its output key.</summary>
public sealed class TaprootOutput
{
    private const byte VersionOne = 0x51;

    private TaprootOutput(XOnlyPublicKey internalKey, ScriptTree? tree)
    {
        InternalKey = internalKey;
        if (tree is not null)
        {
            MerkleRoot = ScriptTrees.Root(tree);
            Leaves = [.. ScriptTrees.Paths(tree).Select(path => new ScriptLeaf(path))];
        }
        Tweak = TweakChains.TapTweak(internalKey, MerkleRoot);
        Point = internalKey.WithTweak(Tweak.Bytes);
        OutputKey = Point.ToXOnly();
    }

    /// <summary>The key before the output's tweak; a spend by script reveals it.</summary>
    public XOnlyPublicKey InternalKey { get; }

    /// <summary>The root of the script tree; null where there are no scripts (BIP-86).</summary>
    public Hash32? MerkleRoot { get; }

    /// <summary>BIP-341's TapTweak hash.</summary>
    public Hash32 Tweak { get; }

    /// <summary>The output key with its y.</summary>
    public PublicKey Point { get; }

    /// <summary>The x-only output key.</summary>
    public XOnlyPublicKey OutputKey { get; }

    /// <summary>Every script that can spend, from left to right.</summary>
    public IReadOnlyList<ScriptLeaf> Leaves { get; } = [];

    /// <summary>The output's script: OP_1 and the output key, 34 bytes.</summary>
    public ReadOnlyMemory<byte> ScriptPubKey => (byte[])[VersionOne, XOnlyPublicKey.Size, .. OutputKey.Bytes];

    /// <summary>Computes an output.</summary>
    /// <param name="internalKey">The internal key.</param>
    /// <param name="tree">All scripts; null for none.</param>
    /// <exception cref="System.Security.Cryptography.CryptographicException">The tweak is no scalar or leads to no key (it cannot happen by chance).</exception>
    public static TaprootOutput Of(XOnlyPublicKey internalKey, ScriptTree? tree)
    {
        ArgumentNullException.ThrowIfNull(internalKey);
        return new TaprootOutput(internalKey, tree);
    }

    /// <summary>The address.</summary>
    public string Address(BitcoinNetwork network) => TaprootAddress.Encode(OutputKey, network);

    /// <summary>What a spend by this leaf's script puts last into the witness: leaf version and parity, internal key, path (33 + 32·depth bytes).</summary>
    public byte[] ControlBlock(ScriptLeaf leaf)
    {
        ArgumentNullException.ThrowIfNull(leaf);
        var parity = Point.Bytes[0] & 1;
        return [(byte)(leaf.Version | parity), .. InternalKey.Bytes, .. leaf.Path.SelectMany(hash => hash.Bytes.ToArray())];
    }
}

/// <summary>One script that can spend an output.</summary>
public sealed class ScriptLeaf
{
    /// <summary>The only leaf version that consensus gives a meaning.</summary>
    public const int Tapscript = 0xc0;

    internal ScriptLeaf(ScriptPath path)
    {
        (Version, Script, Hash, Path) = (path.Leaf.Version, path.Leaf.Script, path.Hash, path.Siblings);
        Assembly = ScriptText.Disassemble(Script.Span, out var succeeds);
        AnyoneCanSpend = succeeds || Version != Tapscript;
    }

    /// <summary>Leaf version; 0xc0 is tapscript.</summary>
    public int Version { get; }

    /// <summary>The script's bytes.</summary>
    public ReadOnlyMemory<byte> Script { get; }

    /// <summary>The script with its opcodes by name, read as tapscript.</summary>
    public string Assembly { get; }

    /// <summary>BIP-341's TapLeaf hash.</summary>
    public Hash32 Hash { get; }

    /// <summary>How deep it lies; 0 for a lone leaf.</summary>
    public int Depth => Path.Count;

    /// <summary>Whether consensus lets everybody spend by this leaf today: an unknown leaf version, or a script with OP_SUCCESS.</summary>
    public bool AnyoneCanSpend { get; }

    internal IReadOnlyList<Hash32> Path { get; }

    /// <summary>Every script that an output with these tweaks can be spent by, from left to right.</summary>
    public static IReadOnlyList<ScriptLeaf> AllOf(TweakChain chain)
    {
        ArgumentNullException.ThrowIfNull(chain);
        return Chains.Last(chain) is Tweak.Taproot taproot ? [.. ScriptTrees.Paths(taproot.Tree).Select(path => new ScriptLeaf(path))] : [];
    }
}
