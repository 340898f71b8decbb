using KeyMeld.Gateway.Storage;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Gateway.Keygen;

/// <summary>
/// Groups by hash and by roster, read once and kept in memory until they change. Where other gateways change them too, only formed ones are kept: of those nothing changes any more but envelopes that are
/// erased, and no signing begins with one that is (<see cref="NewSigning.WithoutEnvelope"/>).
/// </summary>
/// <param name="store">The database.</param>
/// <param name="isShared">Whether others change it too.</param>
internal sealed class GroupBook(IGroupStore store, bool isShared)
{
    private const int Kept = 2048;

    private readonly Lock _gate = new();
    private readonly Dictionary<Hash32, GroupView> _groups = [];
    private readonly Dictionary<Hash32, Hash32> _rosters = [];
    private long _changes;

    /// <summary>Null where there is no such group or it is erased; <see cref="IGroupStore.FindAsync"/> tells the two apart.</summary>
    /// <exception cref="Protocol.Errors.KeyMeldException">storage_failed.</exception>
    public ValueTask<GroupView?> FindAsync(Hash32 group)
    {
        long changes;
        lock (_gate)
        {
            if (_groups.TryGetValue(group, out var kept))
            {
                return ValueTask.FromResult<GroupView?>(kept);
            }
            changes = _changes;
        }
        return LoadAsync(group, changes);
    }
    /// <exception cref="Protocol.Errors.KeyMeldException">storage_failed.</exception>
    public async ValueTask<GroupView?> FindByRosterAsync(Hash32 roster)
    {
        Hash32? group = null;
        lock (_gate)
        {
            if (_rosters.TryGetValue(roster, out var kept))
            {
                group = kept;
            }
        }
        group ??= await store.FindByRosterAsync(roster);
        return group is { } hash ? await FindAsync(hash) : null;
    }

    /// <summary>The group changed in the database.</summary>
    public void Forget(Hash32 group)
    {
        lock (_gate)
        {
            _changes++;
            if (_groups.Remove(group, out var view) && view.Record.Roster is { } roster)
            {
                _rosters.Remove(roster);
            }
        }
    }

    /// <summary>Any of them may have changed.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            _changes++;
            _groups.Clear();
            _rosters.Clear();
        }
    }

    private async ValueTask<GroupView?> LoadAsync(Hash32 group, long changes)
    {
        var record = await store.FindAsync(group);
        if (record is null or { State: GroupState.Erased })
        {
            return null;
        }
        var view = GroupView.Load(record);
        Keep(view, changes);
        return view;
    }

    // What was read before somebody changed a group may be older than the change: then it is not kept.
    private void Keep(GroupView view, long changes)
    {
        lock (_gate)
        {
            if (changes != _changes || (isShared && view.State != GroupState.Formed))
            {
                return;
            }
            if (_groups.Count >= Kept)
            {
                _groups.Clear();
                _rosters.Clear();
            }
            _groups[view.Hash] = view;
            if (view.Record.Roster is { } roster)
            {
                _rosters[roster] = view.Hash;
            }
        }
    }
}
