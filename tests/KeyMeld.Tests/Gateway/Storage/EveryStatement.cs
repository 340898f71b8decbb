using System.Security.Cryptography;
using KeyMeld.Gateway.Storage;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Tests.Gateway.Storage;

/// <summary>Calls the stores of groups, signings, keys and nonces so that each of their statements is run.</summary>
internal static class EveryStatement
{
    public static async Task UseAsync(Stores stores)
    {
        var groups = stores.Groups;
        var group = new NewGroup(Hash(), Statement(), Bytes(200), [Bytes(126)], 2_000_000, 1_000_000, [Bytes(32)]);
        await groups.AddAsync(group);
        await groups.AddRegistrationAsync(group.Hash, 0, new StoredRegistration(0, Hash(), Statement(), Bytes(114)), Bytes(32));
        await groups.FormAsync(group.Hash, Hash(), [new StoredReceipt(0, Bytes(64))]);
        await groups.FindAsync(group.Hash);
        await groups.FindByRosterAsync(Hash());
        await groups.HasReaderAsync(group.Hash, Bytes(32));
        await groups.UnfinishedAsync();
        await groups.AbandonedAsync(1000, TimeSpan.FromSeconds(1));
        await groups.EraseEnvelopeAsync(group.Hash, 0);

        var signings = stores.Signings;
        var signing = new NewSigning(Hash(), group.Hash, new Id16(Bytes(16)), 2_000_000, Statement(), Bytes(300), 1);
        var lease = new Lease(new Id16(Bytes(16)), TimeSpan.FromMinutes(1));
        await signings.AddAsync(signing, null, 10);
        await signings.AddAsync(signing, null, 10);
        await signings.AddAsync(signing with { Request = Hash() }, null, 10);
        await signings.AddApprovalAsync(signing.Request, new StoredApproval(0, true, Statement()), _ => true, lease);
        await signings.ReserveAsync(signing.Request, 1, lease);
        await signings.RenewAsync(lease);
        await signings.FindAsync(signing.Request);
        await signings.StateOfAsync(signing.Request);
        await signings.GroupOfAsync(signing.Request);
        await signings.UnfinishedAsync();
        await signings.AbandonedAsync(1000);
        await signings.UnfinishedOfAsync(group.Hash);
        await signings.ReleaseAsync(lease.Owner);
        await signings.FinishAsync(signing.Request, lease.Owner, new SigningOutcome(SigningState.Completed, [1], null));
        await signings.CloseAsync(signing.Request, new SigningOutcome(SigningState.Expired, null, null));
        await groups.CloseAsync(group.Hash, GroupState.Expired, null);
        await groups.EraseAsync(group.Hash, Hash());

        await stores.Overview.FailedAsync(1, 50);

        var keys = stores.Keys;
        var key = new NewKey(Hash(), Bytes(32), new Id16(Bytes(16)), 1, Statement(), Bytes(178), Bytes(80));
        await keys.AddAsync(key, 10);
        await keys.FindAsync(key.Hash);
        await keys.FindByIdAsync(key.Auth, key.Id);
        await keys.ListAsync(key.Auth);
        await keys.EraseAsync(key.Hash, Hash());

        for (var call = 0; call < 256; call++)
        {
            await stores.Replay.TryUseAsync(Bytes(32), Bytes(16), DateTimeOffset.UnixEpoch);
        }
    }

    private static byte[] Bytes(int count) => RandomNumberGenerator.GetBytes(count);

    private static Hash32 Hash() => new(Bytes(32));

    private static StoredStatement Statement() => new(Bytes(100), Bytes(64));
}
