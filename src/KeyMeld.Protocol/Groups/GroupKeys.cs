// protocol.md section 5, "Keys": KeySort, KeyAgg, then the effective chain. Aggregating costs up to 2 ms, so it is done once for each subset and once for each chain.
using System.Collections.Concurrent;
using System.Security.Cryptography;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Groups;

/// <summary>The aggregate keys of a roster.</summary>
internal sealed class GroupKeys
{
    // Chains come from requesters: what is remembered of them is bounded.
    private const int Remembered = 4 * Limits.DistinctKeys;

    private readonly Dictionary<Id16, Part> _subsets = [];
    private readonly Part _group;
    private readonly ConcurrentDictionary<(Id16? Subset, Hash32 Chain), KeyAggregation> _tweaked = [];

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
        if (_tweaked.TryGetValue((subset, tweaks.Hash), out var known))
        {
            return known;
        }
        if (_tweaked.Count >= Remembered)
        {
            _tweaked.Clear();
        }
        try
        {
            return _tweaked[(subset, tweaks.Hash)] = TweakChains.Apply(part.Untweaked, tweaks);
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
