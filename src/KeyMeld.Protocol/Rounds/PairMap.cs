using KeyMeld.Protocol.Signing;

namespace KeyMeld.Protocol.Rounds;

/// <summary>
/// All (item, signer) pairs of a request in one row: items in order, signers ascending. Whatever is kept for each pair is an array beside it, so that a batch
/// is worked through item by item without looking anything up.
/// </summary>
public sealed class PairMap
{
    private readonly int[] _start;
    private readonly RoundPair[] _pairs;
    private readonly int[] _nodes;
    private readonly int[][] _ofNode;

    /// <summary>The pairs of a request.</summary>
    public PairMap(VerifiedRequest request)
    {
        var items = request.Items.Count;
        var indexOf = request.Nodes.Index().ToDictionary(node => node.Item, node => node.Index);
        var nodeOf = request.Roster.Members.Select(member => indexOf.GetValueOrDefault(member.Node, -1)).ToArray();
        _start = new int[items + 1];
        for (var item = 0; item < items; item++)
        {
            _start[item + 1] = _start[item] + request.SignersOf(item).Count;
        }
        _pairs = new RoundPair[_start[items]];
        _nodes = new int[_pairs.Length];
        var ofNode = Array.ConvertAll(new int[request.Nodes.Count], _ => new List<int>());
        for (var (item, pair) = (0, 0); item < items; item++)
        {
            foreach (var signer in request.SignersOf(item))
            {
                _pairs[pair] = new RoundPair(item, signer);
                _nodes[pair] = nodeOf[signer];
                ofNode[nodeOf[signer]].Add(pair++);
            }
        }
        _ofNode = Array.ConvertAll(ofNode, pairs => pairs.ToArray());
    }

    /// <summary>Number of pairs.</summary>
    public int Count => _pairs.Length;

    /// <summary>A pair by its place in the row.</summary>
    public RoundPair this[int pair] => _pairs[pair];

    /// <summary>The pairs of one item.</summary>
    public (int Start, int Count) Of(int item) => (_start[item], _start[item + 1] - _start[item]);

    /// <summary>Which node signs for a pair: its place among the request's nodes.</summary>
    public int NodeOf(int pair) => _nodes[pair];

    /// <summary>The pairs of a node, by its place among the request's nodes; none where it has no place.</summary>
    public IReadOnlyList<int> OfNode(int node) => node < 0 ? [] : _ofNode[node];

    /// <summary>The same pairs, as blobs are lined up with.</summary>
    public RoundPair[] PairsOf(int node, Func<int, bool>? items = null) =>
        [.. OfNode(node).Select(pair => _pairs[pair]).Where(pair => items is null || items(pair.Item))];
}
