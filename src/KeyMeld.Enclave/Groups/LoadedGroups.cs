using System.Diagnostics.CodeAnalysis;
using KeyMeld.Enclave.Identity;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Groups;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Wire.V1;

namespace KeyMeld.Enclave.Groups;

/// <summary>Groups in memory, and the way they get there. Calls for one group load it once, the others wait for that.</summary>
public sealed class LoadedGroups : IDisposable
{
    private readonly KeyKeeper _keys;
    private readonly MemoryBudget _budget;
    private readonly EnclaveCounters _counters;
    private readonly GroupCache _cache = new();
    private readonly KeyedGates<Hash32> _loading = new();

    public LoadedGroups(KeyKeeper keys, MemoryBudget budget, EnclaveCounters counters)
    {
        (_keys, _budget, _counters) = (keys, budget, counters);
        budget.AddRelief(Relief.Groups, _cache.EvictOne);
    }

    public int Count => _cache.Count;

    /// <summary>A lease on the group of ρ with the keys of these signers, from memory or from the bundle that came along.</summary>
    /// <param name="roster">ρ, as the host gives it.</param>
    /// <param name="signers">Indexes of participants whose keys are needed where they are hosted here.</param>
    /// <param name="bundle">What to load where it is not in memory; null leads to <c>not_loaded</c>.</param>
    /// <param name="cancellation">Stops waiting for another call that loads it.</param>
    /// <exception cref="KeyMeldException"><c>not_loaded</c>, <c>roster_mismatch</c>, <c>busy</c>, or what is wrong with the bundle.</exception>
    public async Task<GroupLease> LeaseAsync(Hash32 roster, IReadOnlyList<int> signers, UntrustedBundle? bundle, CancellationToken cancellation)
    {
        if (Find(roster, signers) is { } known)
        {
            return known;
        }
        if (bundle is null)
        {
            throw new KeyMeldException(ErrorCodes.NotLoaded, "This group, or a member's key, is not in the enclave's memory.");
        }
        if (HashOf(bundle) != roster)
        {
            throw new KeyMeldException(ErrorCodes.RosterMismatch, "The bundle is not of the roster that the call names.");
        }
        using var gate = await _loading.EnterAsync(roster, cancellation);
        if (Find(roster, signers) is { } loaded)
        {
            return loaded;
        }
        var lease = Load(bundle);
        if (lease.Bundle.Holds(signers))
        {
            return lease;
        }
        lease.Dispose();
        throw new KeyMeldException(ErrorCodes.EnvelopeUnreadable, "The bundle has no envelope of a member that is to sign here.");
    }

    /// <summary>Loads a bundle and verifies everything in it, whatever is in memory already.</summary>
    /// <exception cref="KeyMeldException">What is wrong with it, or <c>busy</c>.</exception>
    public async Task<GroupLease> LoadAsync(UntrustedBundle bundle, CancellationToken cancellation)
    {
        using var gate = await _loading.EnterAsync(HashOf(bundle), cancellation);
        return Load(bundle);
    }

    public void Forget(Hash32 manifest) => _cache.Forget(manifest);

    /// <inheritdoc cref="GroupCache.TakeMember"/>
    public ForgottenMember? TakeMember(Hash32 manifest, Id16 user) => _cache.TakeMember(manifest, user);

    /// <summary>A lease on a group that is in memory, whichever keys it has.</summary>
    public bool TryLease(Hash32 roster, [NotNullWhen(true)] out GroupLease? lease) => _cache.TryLease(roster, out lease);

    public void Dispose() => _cache.Dispose();

    // ρ follows from the bytes alone; that they are valid is checked when they are loaded.
    private static Hash32 HashOf(UntrustedBundle bundle)
    {
        var manifest = Untrusted.Statement(bundle.Keygen?.Manifest, "manifest");
        return RosterHash.Of(
            StatementDigest.Of(StatementType.Manifest, manifest.Statement.Span),
            [.. bundle.Registrations.Select(registration => Hash32.Sha256(registration.Statement.Span))]);
    }

    private GroupLease? Find(Hash32 roster, IReadOnlyList<int> signers)
    {
        if (!_cache.TryLease(roster, out var lease))
        {
            return null;
        }
        if (lease.Bundle.Holds(signers))
        {
            return lease;
        }
        lease.Dispose();
        return null;
    }

    private GroupLease Load(UntrustedBundle untrusted)
    {
        var bundle = GroupBundle.Load(untrusted, _keys.Current);
        try
        {
            var bytes = bundle.Weigh();
            bundle.Charge(_budget.Reserve(bytes));
            _counters.GroupLoaded(bytes);
            return _cache.Put(bundle);
        }
        catch
        {
            bundle.Release();
            throw;
        }
    }
}
