using KeyMeld.Gateway.Storage;

namespace KeyMeld.Tests.Gateway.Storage;

public abstract partial class StoreContract
{
    [Fact]
    public async Task Signings_that_nobody_drives_are_found_and_only_those()
    {
        await using var stores = await OpenAsync();
        var (driven, over, waiting, late) = (await NewSigningAsync(stores), await NewSigningAsync(stores), await NewSigningAsync(stores), await NewSigningAsync(stores) with { Expires = 1500 });
        var mine = Lease();
        await stores.Signings.AddAsync(over, Lease(), Most);
        await stores.Signings.AddAsync(waiting, null, Most);
        await stores.Signings.AddAsync(late, null, Most);
        await stores.PassAsync(mine.Length * 0.9);
        await stores.Signings.AddAsync(driven, mine, Most);

        Assert.Empty(await AbandonedAsync(1500));
        Assert.Equal([(late.Request, SigningState.Waiting, 0)], await AbandonedAsync(1501));
        await stores.PassAsync(mine.Length * 0.2);
        Assert.Equal([(over.Request, SigningState.Running, 1), (late.Request, SigningState.Waiting, 0)], await AbandonedAsync(1501));
        await stores.Signings.ReleaseAsync(mine.Owner);
        Assert.Contains((driven.Request, SigningState.Running, 1), await AbandonedAsync(1500));
        Assert.True(await stores.Signings.AdoptAsync(driven.Request, 1, Lease()));
        Assert.True(await stores.Signings.AdoptAsync(over.Request, 1, Lease()));
        Assert.Empty(await AbandonedAsync(1500));

        async Task<List<(KeyMeld.Protocol.Ids.Hash32, SigningState, int)>> AbandonedAsync(long now) =>
            [.. (await stores.Signings.AbandonedAsync(now)).Select(signing => (signing.Request, signing.State, signing.Attempts))];
    }

    [Fact]
    public async Task Renewing_says_what_is_still_held()
    {
        await using var stores = await OpenAsync();
        var (kept, lost) = (await NewSigningAsync(stores), await NewSigningAsync(stores));
        var mine = Lease();
        await stores.Signings.AddAsync(kept, mine, Most);
        await stores.Signings.AddAsync(lost, mine, Most);
        await stores.PassAsync(mine.Length);
        Assert.True(await stores.Signings.AdoptAsync(lost.Request, 1, Lease()));

        Assert.Equal([kept.Request], await stores.Signings.RenewAsync(mine));
        Assert.Empty(await stores.Signings.RenewAsync(Lease()));
    }

    [Fact]
    public async Task No_signing_is_added_by_who_does_not_know_of_an_erased_envelope()
    {
        await using var stores = await OpenAsync();
        var group = await AddGroupAsync(stores);
        await stores.Groups.AddRegistrationAsync(group.Hash, 0, Registration(0), Bytes(32));
        await stores.Groups.AddRegistrationAsync(group.Hash, 1, Registration(1), Bytes(32));
        await stores.Groups.FormAsync(group.Hash, Hash(), []);
        var signing = await NewSigningAsync(stores) with { Group = group.Hash };
        Assert.True(await stores.Groups.EraseEnvelopeAsync(group.Hash, 1));

        Assert.Equal(AddedSigning.Changed, await stores.Signings.AddAsync(signing, Lease(), Most));
        Assert.Null(await stores.Signings.FindAsync(signing.Request));
        Assert.Equal(AddedSigning.Added, await stores.Signings.AddAsync(signing with { WithoutEnvelope = 1 }, Lease(), Most));
        Assert.Equal(AddedSigning.Repeated, await stores.Signings.AddAsync(signing, Lease(), Most));
    }

    [Fact]
    public async Task Groups_that_are_complete_or_late_and_still_joining_are_found_and_only_those()
    {
        await using var stores = await OpenAsync();
        var (complete, open, formed) = (await AddGroupAsync(stores), await AddGroupAsync(stores), await AddGroupAsync(stores));
        await stores.Groups.AddRegistrationAsync(complete.Hash, 0, Registration(0), Bytes(32), completes: true);
        await stores.Groups.AddRegistrationAsync(open.Hash, 0, Registration(0), Bytes(32));
        await stores.Groups.AddRegistrationAsync(formed.Hash, 0, Registration(0), Bytes(32), completes: true);
        await stores.Groups.FormAsync(formed.Hash, Hash(), []);

        var hour = TimeSpan.FromHours(1);
        Assert.Empty(await stores.Groups.AbandonedAsync(0, hour));
        await stores.PassAsync(hour);
        Assert.Equal([complete.Hash], await stores.Groups.AbandonedAsync(0, hour));
        Assert.Empty(await stores.Groups.AbandonedAsync(0, 2 * hour));
        var late = await stores.Groups.AbandonedAsync(long.MaxValue, 2 * hour);
        Assert.Equal(open.JoinBy is not null, late.Contains(open.Hash));
        Assert.DoesNotContain(formed.Hash, late);
    }
}
