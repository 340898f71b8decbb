using KeyMeld.Gateway.Storage;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;

namespace KeyMeld.Gateway.Operators;

/// <summary>What is sealed to an enclave and could not be used without it: found by reading every group and key, as nobody else asks that.</summary>
/// <param name="Groups">Groups that are joining with a place on it, or formed with a member on it whose key was not erased.</param>
/// <param name="Keys">Keys of one owner.</param>
internal sealed record EnclaveUse(Found Groups, Found Keys)
{
    private const int Page = 500;

    public bool IsNone => Groups.Count == 0 && Keys.Count == 0;

    public static async Task<EnclaveUse> OfAsync(GatewayParts parts, uint enclave, CancellationToken cancellationToken)
    {
        var groups = await FindAsync(parts.Retirements.GroupsAsync, use => HoldsGroupAsync(parts, use, enclave), cancellationToken);
        var keys = await FindAsync(parts.Retirements.KeysAsync, use => ValueTask.FromResult((uint)KeyStatement.Parse(use.Statement).Enclave.Id == enclave), cancellationToken);
        return new EnclaveUse(groups, keys);
    }

    private static async Task<Found> FindAsync(Func<Hash32, int, ValueTask<System.Collections.Immutable.ImmutableArray<StoredUse>>> read, Func<StoredUse, ValueTask<bool>> holds, CancellationToken cancellationToken)
    {
        var (after, count, first) = (default(Hash32), 0L, new List<Hash32>());
        while (await read(after, Page) is { IsEmpty: false } page)
        {
            cancellationToken.ThrowIfCancellationRequested();
            foreach (var use in page)
            {
                if (await holds(use))
                {
                    count++;
                    if (first.Count < Found.Shown)
                    {
                        first.Add(use.Hash);
                    }
                }
            }
            after = page[^1].Hash;
        }
        return new Found(count, first);
    }

    private static async ValueTask<bool> HoldsGroupAsync(GatewayParts parts, StoredUse use, uint enclave)
    {
        var manifest = Manifest.Parse(use.Statement);
        bool IsOn(Participant participant) => participant.Enclave is { } place && (uint)manifest.Enclaves[place].Id == enclave;
        if (!manifest.Participants.Any(IsOn) || await parts.GroupStore.FindAsync(use.Hash) is not { } group)
        {
            return false;
        }
        return group.State == GroupState.Joining
            || group.State == GroupState.Formed && group.Registrations.Any(member => member.Envelope is not null && IsOn(manifest.Participants[member.Participant]));
    }
}

/// <param name="Count">All of them.</param>
/// <param name="First">The first of them, in the order of their hashes.</param>
internal sealed record Found(long Count, IReadOnlyList<Hash32> First)
{
    /// <summary>How many are named.</summary>
    public const int Shown = 1000;
}
