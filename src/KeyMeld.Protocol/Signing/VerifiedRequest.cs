using KeyMeld.Protocol.Groups;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Signing;

/// <summary>A request that fits its roster, with its items in the clear; see <see cref="RequestVerifier"/>. Immutable, holds no secret.</summary>
public sealed class VerifiedRequest
{
    private readonly IReadOnlyList<int>[] _signers;
    private readonly KeyAggregation[] _keys;

    internal VerifiedRequest(Roster roster, Signed<SigningRequest> request, XOnlyPublicKey requester, SigningItem[] items, IReadOnlyList<int>[] signers, KeyAggregation[] keys)
    {
        Roster = roster;
        Request = request;
        Requester = requester;
        Items = items;
        _signers = signers;
        _keys = keys;
        Nodes = Signing.Nodes.Of(roster.Manifest.Value, request.Value.Signers);
    }

    /// <summary>The roster it is for.</summary>
    public Roster Roster { get; }

    /// <summary>The statement.</summary>
    public Signed<SigningRequest> Request { get; }

    /// <summary>What the statement says.</summary>
    public SigningRequest Value => Request.Value;

    /// <summary>D.</summary>
    public Hash32 Digest => Request.Digest;

    /// <summary>The key that signed the request; a cancel carries the same.</summary>
    public XOnlyPublicKey Requester { get; }

    /// <summary>The items in order.</summary>
    public IReadOnlyList<SigningItem> Items { get; }

    /// <summary>The nodes of the rounds, in order.</summary>
    public IReadOnlyList<NodeId> Nodes { get; }

    /// <summary>Whether an item asks for a pre-signature.</summary>
    public bool HasAdaptors => Items.Any(item => item.Adaptor is not null);

    /// <summary>Place of a node among <see cref="Nodes"/>; -1 where it has no part.</summary>
    public int PlaceOf(NodeId node)
    {
        for (var place = 0; place < Nodes.Count; place++)
        {
            if (Nodes[place] == node)
            {
                return place;
            }
        }
        return -1;
    }

    /// <summary>Who signs an item, ascending.</summary>
    public IReadOnlyList<int> SignersOf(int item) => _signers[item];

    /// <summary>The tweaked aggregate an item is signed with.</summary>
    public KeyAggregation KeysOf(int item) => _keys[item];

    /// <summary>The (item, signer) pairs of one node: items in order, then signers ascending.</summary>
    public IReadOnlyList<RoundPair> PairsOf(NodeId node)
    {
        var pairs = new List<RoundPair>();
        for (var item = 0; item < _signers.Length; item++)
        {
            foreach (var signer in _signers[item])
            {
                if (Roster.Members[signer].Node == node)
                {
                    pairs.Add(new RoundPair(item, signer));
                }
            }
        }
        return pairs;
    }
}

/// <summary>One signature share that is due.</summary>
/// <param name="Item">Place of the item in the request.</param>
/// <param name="Signer">Index of the participant.</param>
public readonly record struct RoundPair(int Item, int Signer);
