// protocol.md section 5, "Keys": KeySort, KeyAgg, then the effective chain. Aggregating costs up to 2 ms, so it is done once for each subset. A chain that an item
// brings costs 20 µs a tweak and is the requester's to choose: nothing is remembered of it here, or a group could be made to grow.
using System.Security.Cryptography;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Groups;

/// <summary>The aggregate keys of a roster.</summary>
internal sealed class GroupKeys
{
    private readonly Dictionary<Id16, Part> _subsets = [];
    private readonly Part _group;

    /// <exception cref="KeyMeldException"><c>terms_mismatch</c>: a tweak of the terms is impossible.</exception>
    public GroupKeys(Manifest manifest, Terms terms, IReadOnlyList<PublicKey> keys)
    {
        try
        {
            _group = new Part([.. Enumerable.Range(0, keys.Count)], keys, terms.Tweaks);
            foreach (var subset in manifest.Subsets)
            {
                _subsets.Add(subset.Id, new Part([.. subset.Members], keys, terms.Subsets.GetValueOrDefault(subset.Id, TweakChain.Empty)));
            }
            OutputKeys = [_group.Effective.OutputKey, .. manifest.Subsets.Select(subset => _subsets[subset.Id].Effective.OutputKey)];
        }
        catch (CryptographicException exception)
        {
            throw new KeyMeldException(ErrorCodes.TermsMismatch, "The tweaks of the terms do not lead to a key.", exception);
        }
    }

    public IReadOnlyList<XOnlyPublicKey> OutputKeys { get; }

    public IReadOnlyList<int> SignersOf(Id16? subset) => PartOf(subset).Members;

    public TweakChain ChainOf(Id16? subset, TweakChain? tweaks) => tweaks ?? PartOf(subset).Chain;

    public KeyAggregation Of(Id16? subset, TweakChain? tweaks)
    {
        var part = PartOf(subset);
        if (tweaks is null || tweaks.Equals(part.Chain))
        {
            return part.Effective;
        }
        try
        {
            return TweakChains.Apply(part.Untweaked, tweaks);
        }
        catch (CryptographicException exception)
        {
            throw new KeyMeldException(ErrorCodes.ItemsInvalid, "The tweaks of an item do not lead to a key.", exception);
        }
    }

    private Part PartOf(Id16? subset)
    {
        if (subset is not { } id)
        {
            return _group;
        }
        return _subsets.GetValueOrDefault(id) ?? throw new KeyMeldException(ErrorCodes.ItemsInvalid, $"The manifest has no subset {id}.");
    }

    private sealed class Part
    {
        public Part(int[] members, IReadOnlyList<PublicKey> keys, TweakChain chain)
        {
            Members = members;
            Chain = chain;
            Untweaked = KeyAggregation.Aggregate(KeyAggregation.Sort([.. members.Select(member => keys[member])]));
            Effective = TweakChains.Apply(Untweaked, chain);
        }

        public IReadOnlyList<int> Members { get; }

        public TweakChain Chain { get; }

        public KeyAggregation Untweaked { get; }

        public KeyAggregation Effective { get; }
    }
}
