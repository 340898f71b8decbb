// protocol.md sections 6 and 10: node = [0, enclave index] / [1, participant index].
using KeyMeld.Protocol.Encoding;

namespace KeyMeld.Protocol.Ids;

/// <summary>What kind of node takes part in the rounds.</summary>
public enum NodeKind
{
    /// <summary>An enclave, by its index in the manifest.</summary>
    Enclave,

    /// <summary>A participant who signs at home, by its index in the manifest.</summary>
    Home,
}

/// <summary>One node of a signing. Ordered as the protocol orders nodes: enclaves, then homes, each by index.</summary>
/// <param name="Kind">Enclave or home.</param>
/// <param name="Index">Index in the manifest's enclaves or participants.</param>
public readonly record struct NodeId(NodeKind Kind, int Index) : IComparable<NodeId>
{
    /// <summary>The node of an enclave.</summary>
    public static NodeId Enclave(int index) => new(NodeKind.Enclave, index);

    /// <summary>The node of a participant who signs at home.</summary>
    public static NodeId Home(int index) => new(NodeKind.Home, index);

    /// <inheritdoc/>
    public int CompareTo(NodeId other) => Kind == other.Kind ? Index.CompareTo(other.Index) : Kind.CompareTo(other.Kind);

    /// <summary>As the protocol writes it, for messages.</summary>
    public override string ToString() => Kind == NodeKind.Enclave ? $"enclave {Index}" : $"participant {Index}";

    /// <summary>Order of nodes.</summary>
    public static bool operator <(NodeId left, NodeId right) => left.CompareTo(right) < 0;

    /// <summary>Order of nodes.</summary>
    public static bool operator >(NodeId left, NodeId right) => left.CompareTo(right) > 0;

    /// <summary>Order of nodes.</summary>
    public static bool operator <=(NodeId left, NodeId right) => left.CompareTo(right) <= 0;

    /// <summary>Order of nodes.</summary>
    public static bool operator >=(NodeId left, NodeId right) => left.CompareTo(right) >= 0;

    internal static NodeId Read(ref StrictCborReader reader)
    {
        reader.ReadArray(2, 2);
        var kind = reader.ReadInt();
        return kind <= 1 ? new NodeId((NodeKind)kind, reader.ReadInt()) : throw reader.Invalid($"has a node of kind {kind}");
    }

    internal void Write(CborEncoder encoder) => encoder.Array(2).Number((int)Kind).Number(Index);
}
