using System.Diagnostics.CodeAnalysis;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Enclave.Groups;

/// <summary>
/// Loaded groups by ρ, least recently used first to go. Whoever works with one holds a lease on it, an open attempt too: only what nobody leases is evicted,
/// and a group is wiped when it is neither in here nor leased.
/// </summary>
public sealed class GroupCache : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Hash32, LinkedListNode<GroupBundle>> _byRoster = [];
    private readonly LinkedList<GroupBundle> _byUse = [];

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _byRoster.Count;
            }
        }
    }

    public bool TryLease(Hash32 roster, [NotNullWhen(true)] out GroupLease? lease)
    {
        lock (_lock)
        {
            if (!_byRoster.TryGetValue(roster, out var node))
            {
                lease = null;
                return false;
            }
            _byUse.Remove(node);
            _byUse.AddLast(node);
            lease = new GroupLease(node.Value);
            return true;
        }
    }

    /// <summary>Takes the bundle over and leases it to the caller. Where ρ is here already, that one takes the keys it lacks: there is never a second of them.</summary>
    public GroupLease Put(GroupBundle bundle)
    {
        lock (_lock)
        {
            if (_byRoster.TryGetValue(bundle.RosterHash, out var known))
            {
                known.Value.TakeKeysOf(bundle);
                bundle.Release();
                return new GroupLease(known.Value);
            }
            _byRoster.Add(bundle.RosterHash, _byUse.AddLast(bundle));
            return new GroupLease(bundle);
        }
    }

    /// <summary>Gives up the least recently used group that nobody leases.</summary>
    public bool EvictOne()
    {
        lock (_lock)
        {
            for (var node = _byUse.First; node is not null; node = node.Next)
            {
                if (!node.Value.IsLeased)
                {
                    Remove(node);
                    return true;
                }
            }
            return false;
        }
    }

    /// <summary>Forgets every roster of this manifest.</summary>
    public void Forget(Hash32 manifest)
    {
        lock (_lock)
        {
            foreach (var node in Of(manifest))
            {
                node.Value.IsForgotten = true;
                Remove(node);
            }
        }
    }

    /// <summary>Takes the key of one member of this manifest out. The caller disposes what it gets when nobody can be using it any more.</summary>
    /// <returns>Null where the group is not in memory or has no such user.</returns>
    public ForgottenMember? TakeMember(Hash32 manifest, Id16 user)
    {
        lock (_lock)
        {
            ForgottenMember? forgotten = null;
            foreach (var node in Of(manifest))
            {
                if (node.Value.Roster.Find(user) is { } member)
                {
                    forgotten ??= new ForgottenMember(member.Index);
                    forgotten.Add(node.Value.TakeMember(member.Index));
                }
            }
            return forgotten;
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var node in _byRoster.Values.ToList())
            {
                Remove(node);
            }
        }
    }

    private List<LinkedListNode<GroupBundle>> Of(Hash32 manifest) => [.. _byRoster.Values.Where(node => node.Value.ManifestHash == manifest)];

    private void Remove(LinkedListNode<GroupBundle> node)
    {
        _byRoster.Remove(node.Value.RosterHash);
        _byUse.Remove(node);
        node.Value.Release();
    }
}
