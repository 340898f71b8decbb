// protocol.md section 10: tree = {leaf, script} / [tree, tree]; BIP-341 for what it means.
using KeyMeld.Protocol.Encoding;

namespace KeyMeld.Protocol.Statements;

/// <summary>A complete BIP-341 script tree, so that nobody commits to a script that is not shown.</summary>
public abstract record ScriptTree
{
    private ScriptTree()
    {
    }

    /// <summary>Edges between this node and its deepest leaf, at most 128.</summary>
    public abstract int Depth { get; }

    internal static ScriptTree Read(ref StrictCborReader reader, int depth = 0)
    {
        if (reader.IsArray)
        {
            if (depth == Limits.TreeDepth)
            {
                throw reader.Invalid($"has a script tree deeper than {Limits.TreeDepth}");
            }
            reader.ReadArray(2, 2);
            var left = Read(ref reader, depth + 1);
            return new Branch(left, Read(ref reader, depth + 1));
        }
        var map = reader.ReadMap();
        reader.Key(ref map, "leaf"u8);
        var version = reader.ReadInt();
        reader.Key(ref map, "script"u8);
        var script = reader.ReadBytes().ToArray();
        reader.EndMap(map);
        return version is >= 0 and <= byte.MaxValue && version % 2 == 0
            ? new Leaf(version, script)
            : throw reader.Invalid($"has leaf version {version}, which is not an even byte");
    }

    internal abstract void Write(CborEncoder encoder);

    /// <summary>One script.</summary>
    public sealed record Leaf : ScriptTree
    {
        /// <summary>A leaf.</summary>
        /// <param name="version">Leaf version, an even byte; 0xc0 is tapscript.</param>
        /// <param name="script">The script's bytes.</param>
        /// <exception cref="ArgumentOutOfRangeException">The version is odd or no byte.</exception>
        public Leaf(int version, ReadOnlyMemory<byte> script)
        {
            Version = version is >= 0 and <= byte.MaxValue && version % 2 == 0 ? version : throw new ArgumentOutOfRangeException(nameof(version), version, "A leaf version is an even byte.");
            Script = script;
        }

        /// <summary>Leaf version, an even byte.</summary>
        public int Version { get; }

        /// <summary>The script's bytes.</summary>
        public ReadOnlyMemory<byte> Script { get; }

        /// <inheritdoc/>
        public override int Depth => 0;

        internal override void Write(CborEncoder encoder) => encoder.Map(2).Key("leaf"u8).Number(Version).Key("script"u8).Bytes(Script.Span);
    }

    /// <summary>Two subtrees; their order does not change the root.</summary>
    public sealed record Branch : ScriptTree
    {
        /// <summary>A branch.</summary>
        /// <exception cref="ArgumentException">The tree would be deeper than 128.</exception>
        public Branch(ScriptTree left, ScriptTree right)
        {
            Left = left;
            Right = right;
            Depth = 1 + Math.Max(left.Depth, right.Depth);
            if (Depth > Limits.TreeDepth)
            {
                throw new ArgumentException($"A script tree is at most {Limits.TreeDepth} deep.");
            }
        }

        /// <summary>The first subtree.</summary>
        public ScriptTree Left { get; }

        /// <summary>The second subtree.</summary>
        public ScriptTree Right { get; }

        /// <inheritdoc/>
        public override int Depth { get; }

        internal override void Write(CborEncoder encoder)
        {
            Left.Write(encoder.Array(2));
            Right.Write(encoder);
        }
    }
}
