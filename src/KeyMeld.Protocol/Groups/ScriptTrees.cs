// BIP-341, "Constructing and spending Taproot outputs": the Merkle root of a script tree, and the path from each leaf to it.
using System.Buffers.Binary;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Groups;

/// <summary>Computes what a taproot output commits to.</summary>
public static class ScriptTrees
{
    /// <summary>The Merkle root; of a lone leaf, its hash.</summary>
    public static Hash32 Root(ScriptTree tree) => tree switch
    {
        ScriptTree.Leaf leaf => LeafHash(leaf),
        ScriptTree.Branch branch => BranchHash(Root(branch.Left), Root(branch.Right)),
        _ => throw new InvalidOperationException("Unknown tree."),
    };

    /// <summary>Every leaf from left to right, with its path to the root.</summary>
    public static IReadOnlyList<ScriptPath> Paths(ScriptTree tree)
    {
        var paths = new List<(ScriptTree.Leaf Leaf, Hash32 Hash, List<Hash32> Siblings)>();
        Walk(tree, paths);
        return [.. paths.Select(path => new ScriptPath(path.Leaf, path.Hash, path.Siblings))];
    }

    /// <summary>BIP-341's TapLeaf hash.</summary>
    public static Hash32 LeafHash(ScriptTree.Leaf leaf)
    {
        var script = leaf.Script.Span;
        Span<byte> head = stackalloc byte[6];
        head[0] = (byte)leaf.Version;
        var size = 1 + WriteCompactSize(script.Length, head[1..]);
        Span<byte> digest = stackalloc byte[Hash32.Size];
        TaggedHash.Compute("TapLeaf", head[..size], script, digest);
        return new Hash32(digest);
    }

    // Appends the subtree's leaves and gives its root.
    private static Hash32 Walk(ScriptTree tree, List<(ScriptTree.Leaf Leaf, Hash32 Hash, List<Hash32> Siblings)> paths)
    {
        if (tree is ScriptTree.Leaf leaf)
        {
            var hash = LeafHash(leaf);
            paths.Add((leaf, hash, []));
            return hash;
        }
        var (first, branch) = (paths.Count, (ScriptTree.Branch)tree);
        var left = Walk(branch.Left, paths);
        var second = paths.Count;
        var right = Walk(branch.Right, paths);
        for (var i = first; i < paths.Count; i++)
        {
            paths[i].Siblings.Add(i < second ? right : left);
        }
        return BranchHash(left, right);
    }

    private static Hash32 BranchHash(Hash32 left, Hash32 right)
    {
        var (first, second) = left.Bytes.SequenceCompareTo(right.Bytes) <= 0 ? (left, right) : (right, left);
        Span<byte> digest = stackalloc byte[Hash32.Size];
        TaggedHash.Compute("TapBranch", first.Bytes, second.Bytes, digest);
        return new Hash32(digest);
    }

    // Bitcoin's CompactSize; scripts of 2^32 bytes do not fit in terms.
    private static int WriteCompactSize(int value, Span<byte> destination)
    {
        switch (value)
        {
            case < 0xfd:
                destination[0] = (byte)value;
                return 1;
            case <= ushort.MaxValue:
                destination[0] = 0xfd;
                BinaryPrimitives.WriteUInt16LittleEndian(destination[1..], (ushort)value);
                return 3;
            default:
                destination[0] = 0xfe;
                BinaryPrimitives.WriteUInt32LittleEndian(destination[1..], (uint)value);
                return 5;
        }
    }
}

/// <summary>A leaf of a script tree and what proves that the tree has it.</summary>
/// <param name="Leaf">The leaf.</param>
/// <param name="Hash">Its TapLeaf hash.</param>
/// <param name="Siblings">The hashes beside the path, from the leaf up: as many as the leaf is deep.</param>
public sealed record ScriptPath(ScriptTree.Leaf Leaf, Hash32 Hash, IReadOnlyList<Hash32> Siblings);
