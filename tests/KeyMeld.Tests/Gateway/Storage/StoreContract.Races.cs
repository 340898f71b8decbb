using KeyMeld.Gateway.Storage;

namespace KeyMeld.Tests.Gateway.Storage;

/// <summary>Two gateways on one database want the same at once.</summary>
public abstract partial class StoreContract
{
    private const int Racers = 16;

    [Fact]
    public async Task An_attempt_whose_lease_ended_is_reserved_by_one_of_many()
    {
        await using var stores = await OpenAsync();
        await using var beside = await stores.BesideAsync();
        var signing = await NewSigningAsync(stores);
        var gone = Lease();
        await stores.Signings.AddAsync(signing, gone, Most);
        await stores.PassAsync(gone.Length);

        var answers = await RaceAsync(stores, beside, (racer, _) => racer.Signings.ReserveAsync(signing.Request, 1, Lease()));

        Assert.Single(answers, true);
        Assert.Equal(2, (await stores.Signings.FindAsync(signing.Request))!.Attempts);
    }

    [Fact]
    public async Task A_signing_ends_as_finished_or_closed_and_never_as_both()
    {
        await using var stores = await OpenAsync();
        await using var beside = await stores.BesideAsync();
        var signing = await NewSigningAsync(stores);
        var lease = Lease();
        await stores.Signings.AddAsync(signing, lease, Most);

        var answers = await RaceAsync(stores, beside, (racer, number) =>
            number % 3 == 0 ? racer.Signings.FinishAsync(signing.Request, lease.Owner, Completed) : racer.Signings.CloseAsync(signing.Request, Expired));

        Assert.Single(answers, true);
        var found = (await stores.Signings.FindAsync(signing.Request))!;
        Assert.Equal(Array.IndexOf(answers, true) % 3 == 0 ? (SigningState.Completed, null) : (SigningState.Expired, Expired.Error), (found.State, found.Error));
    }

    [Fact]
    public async Task A_request_posted_at_two_gateways_is_added_once_and_only_one_of_them_drives_it()
    {
        await using var stores = await OpenAsync();
        await using var beside = await stores.BesideAsync();
        var signing = await NewSigningAsync(stores);

        var answers = await RaceAsync(stores, beside, (racer, _) => racer.Signings.AddAsync(signing, Lease(), Most));

        Assert.Equal((1, Racers - 1), (answers.Count(answer => answer == AddedSigning.Added), answers.Count(answer => answer == AddedSigning.Repeated)));
    }

    [Fact]
    public async Task The_bound_of_a_groups_unfinished_signings_holds_for_all_gateways_together()
    {
        await using var stores = await OpenAsync();
        await using var beside = await stores.BesideAsync();
        var signing = await NewSigningAsync(stores);

        var answers = await RaceAsync(stores, beside, (racer, _) => racer.Signings.AddAsync(signing with { Request = Hash(), Signing = Id() }, null, 5));

        Assert.Equal((5, Racers - 5), (answers.Count(answer => answer == AddedSigning.Added), answers.Count(answer => answer == AddedSigning.TooMany)));
        Assert.Equal(5, (await stores.Signings.UnfinishedOfAsync(signing.Group)).Length);
    }

    [Fact]
    public async Task Decisions_that_come_to_two_gateways_start_the_signing_once()
    {
        await using var stores = await OpenAsync();
        await using var beside = await stores.BesideAsync();
        var signing = await NewSigningAsync(stores);
        await stores.Signings.AddAsync(signing, null, Most);

        var answers = await RaceAsync(stores, beside, (racer, place) => racer.Signings.AddApprovalAsync(signing.Request, Approval(place), all => all.Count >= 7, Lease()));

        Assert.Single(answers, answer => answer.Started);
        Assert.All(answers, answer => Assert.True(answer.Stands));
        Assert.Equal(Racers, (await stores.Signings.FindAsync(signing.Request))!.Approvals.Length);
    }

    [Fact]
    public async Task A_group_admits_one_after_the_other_and_forms_once_whichever_gateway_asks()
    {
        await using var stores = await OpenAsync();
        await using var beside = await stores.BesideAsync();
        var group = await AddGroupAsync(stores);
        Assert.Single(await RaceAsync(stores, beside, (racer, place) => racer.Groups.AddRegistrationAsync(group.Hash, 0, Registration(place), Bytes(32))), true);

        var answers = await RaceAsync(stores, beside, (racer, number) => number % 2 == 0
            ? racer.Groups.FormAsync(group.Hash, Hash(), [new StoredReceipt(0, Bytes(64))])
            : racer.Groups.AddRegistrationAsync(group.Hash, 1, Registration(20), Bytes(32)));

        var found = (await stores.Groups.FindAsync(group.Hash))!;
        Assert.Equal(GroupState.Formed, found.State);
        Assert.Single(found.Receipts);
        Assert.Equal(1 + (found.Registrations.Length - 1), answers.Count(answer => answer));
    }

    [Fact]
    public async Task A_groups_end_is_one_of_formed_closed_and_erased()
    {
        await using var stores = await OpenAsync();
        await using var beside = await stores.BesideAsync();
        var group = await AddGroupAsync(stores);

        var answers = await RaceAsync(stores, beside, (racer, number) => (number % 2) switch
        {
            0 => racer.Groups.FormAsync(group.Hash, Hash(), [new StoredReceipt(0, Bytes(64))]),
            _ => racer.Groups.EraseAsync(group.Hash, Hash()),
        });

        Assert.Single(answers, true);
        var found = (await stores.Groups.FindAsync(group.Hash))!;
        Assert.Equal(found.State == GroupState.Formed, found is { Manifest: not null, Terms: not null, SessionSecrets.Length: 2, Receipts.Length: 1, EraseStatement: null });
        Assert.Equal(found.State == GroupState.Erased, found is { Manifest: null, Terms: null, SessionSecrets.IsEmpty: true, Receipts.IsEmpty: true, EraseStatement: not null });
    }

    [Fact]
    public async Task A_nonce_is_used_at_one_gateway_only()
    {
        await using var stores = await OpenAsync();
        await using var beside = await stores.BesideAsync();
        var (key, nonce, later) = (Bytes(32), Bytes(16), DateTimeOffset.UnixEpoch.AddYears(100));
        Assert.Single(await RaceAsync(stores, beside, (racer, _) => racer.Replay.TryUseAsync(key, nonce, later)), true);
    }

    [Fact]
    public async Task Of_two_gateways_that_make_a_first_or_a_next_key_one_has_it()
    {
        await using var stores = await OpenAsync();
        await using var beside = await stores.BesideAsync();

        Assert.Single(await RaceAsync(stores, beside, (racer, _) => racer.SealedKeys.AddFirstAsync(Row(3))), true);
        var first = Assert.Single((await stores.SealedKeys.ReadAsync(3)).Rows);
        Assert.Single(await RaceAsync(stores, beside, (racer, _) => racer.SealedKeys.AddNextAsync(first, Row(3, 2))), true);
        var rows = (await stores.SealedKeys.ReadAsync(3)).Rows;
        Assert.Equal([1u, 2u], rows.Select(row => row.KeyEpoch));
        Assert.Single(await RaceAsync(stores, beside, (racer, _) => racer.SealedKeys.ReplaceAsync(rows, [Resealed(rows[0]), Resealed(rows[1])])), true);
    }

    [Fact]
    public async Task An_owners_share_of_keys_holds_for_all_gateways_together()
    {
        await using var stores = await OpenAsync();
        await using var beside = await stores.BesideAsync();
        var auth = Bytes(32);

        var answers = await RaceAsync(stores, beside, (racer, _) => racer.Keys.AddAsync(Key() with { Auth = auth }, 3));

        Assert.Equal((3, Racers - 3), (answers.Count(answer => answer == AddedKey.Added), answers.Count(answer => answer == AddedKey.TooMany)));
        Assert.Equal(3, (await beside.Keys.ListAsync(auth)).Length);
    }

    private static Task<T[]> RaceAsync<T>(IStores stores, IStores beside, Func<IStores, int, Task<T>> run) =>
        Task.WhenAll(Enumerable.Range(0, Racers).Select(number => Task.Run(() => run(number % 2 == 0 ? stores : beside, number))));
}
