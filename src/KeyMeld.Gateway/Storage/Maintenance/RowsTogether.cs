using System.Globalization;
using KeyMeld.Protocol.Groups;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;

namespace KeyMeld.Gateway.Storage.Maintenance;

/// <summary>What rows of several tables must be together: every epoch of an enclave's keys, every session secret of a group, the roster of its registrations. Tables come in their order.</summary>
internal sealed class RowsTogether(Action<Problem> problem)
{
    private readonly HashSet<(long Enclave, long Epoch, string Key)> _history = [];
    private readonly Dictionary<long, SortedSet<long>> _retired = [];
    private readonly Dictionary<long, long> _newest = [];
    private readonly Dictionary<Hash32, int> _missingSecrets = [];
    private readonly Dictionary<Hash32, Hash32> _rosters = [];
    private readonly List<Hash32> _members = [];
    private Hash32? _group;

    public void Add(StoredRow row)
    {
        switch (row.Table.Name)
        {
            case "enclave_key_history":
                _history.Add(KeyOf(row));
                break;
            case "enclave_retired_keys" or "enclave_master_keys":
                AddSealedKey(row);
                break;
            case "groups" when row.OptionalBytes("manifest") is { } manifest:
                _missingSecrets[row.Hash("manifest_hash")] = Manifest.Parse(manifest).Enclaves.Count;
                if (row.OptionalBytes("roster_hash") is not null)
                {
                    _rosters[row.Hash("manifest_hash")] = row.Hash("roster_hash");
                }
                break;
            case "group_session_secrets":
                _missingSecrets[row.Hash("manifest_hash")] = _missingSecrets.GetValueOrDefault(row.Hash("manifest_hash")) - 1;
                break;
            case "registrations":
                AddRegistration(row);
                break;
        }
    }

    public void Finish()
    {
        FinishRoster();
        foreach (var (group, _) in _missingSecrets.Where(group => group.Value != 0))
        {
            problem(new Problem("group_session_secrets", group.ToString(), "there are more or fewer session secrets than the group has enclaves."));
        }
        foreach (var group in _rosters.Keys)
        {
            problem(new Problem("groups", group.ToString(), "it is formed and nobody is registered."));
        }
        foreach (var enclave in _retired.Keys.Union(_newest.Keys).Union(_history.Select(key => key.Enclave)))
        {
            FinishEnclave(enclave);
        }
    }

    private void AddSealedKey(StoredRow row)
    {
        var (enclave, epoch) = (row.Integer("enclave_id"), row.Integer("key_epoch"));
        if (!_history.Contains(KeyOf(row)))
        {
            throw new UnreadableRowException("the history does not know this key");
        }
        if (row.Table.Name == "enclave_master_keys")
        {
            _newest[enclave] = epoch;
            return;
        }
        if (!_retired.TryGetValue(enclave, out var epochs))
        {
            _retired.Add(enclave, epochs = []);
        }
        epochs.Add(epoch);
    }

    private void FinishEnclave(long enclave)
    {
        var epochs = _retired.GetValueOrDefault(enclave) ?? [];
        if (!_newest.TryGetValue(enclave, out var newest))
        {
            problem(new Problem("enclave_master_keys", Name(enclave), "this enclave had a key, and its newest is missing: restore it from a backup."));
            return;
        }
        for (long epoch = 1; epoch < newest; epoch++)
        {
            if (!epochs.Contains(epoch))
            {
                problem(new Problem("enclave_retired_keys", $"{Name(enclave)}/{Name(epoch)}", "this older epoch is missing: what was sealed to it cannot be opened; restore it from a backup."));
            }
        }
        if (epochs.Count > 0 && epochs.Max >= newest)
        {
            problem(new Problem("enclave_retired_keys", $"{Name(enclave)}/{Name(epochs.Max)}", "a retired key is as new as the newest."));
        }
    }

    private void AddRegistration(StoredRow row)
    {
        if (_group != row.Hash("manifest_hash"))
        {
            FinishRoster();
            _group = row.Hash("manifest_hash");
        }
        _members.Add(row.Hash("statement_hash"));
    }

    // Rows come group by group, places in order.
    private void FinishRoster()
    {
        if (_group is { } group && _rosters.Remove(group, out var roster) && RosterHash.Of(group, [.. _members]) != roster)
        {
            problem(new Problem("groups", group.ToString(), "the roster is not that of its registrations."));
        }
        _members.Clear();
    }

    private static (long Enclave, long Epoch, string Key) KeyOf(StoredRow row) => (row.Integer("enclave_id"), row.Integer("key_epoch"), Convert.ToHexString(row.Bytes("public_key")));

    private static string Name(long number) => number.ToString(CultureInfo.InvariantCulture);
}
