using KeyMeld.Gateway.Storage;

namespace KeyMeld.Tests.Gateway.Storage;

public abstract partial class StoreContract
{
    private const int Most = 100;
    private static readonly SigningOutcome Completed = new(SigningState.Completed, [1, 2, 3], null);
    private static readonly SigningOutcome Expired = new(SigningState.Expired, null, new StoredError("expired", "Too late."));

    [Fact]
    public async Task A_signing_comes_back_as_it_was_stored()
    {
        await using var stores = await OpenAsync();
        var signing = await NewSigningAsync(stores);

        Assert.Equal(AddedSigning.Added, await stores.Signings.AddAsync(signing, null, Most));
        Assert.Equal(AddedSigning.Repeated, await stores.Signings.AddAsync(signing, Lease(), Most));
        Assert.Equal(AddedSigning.Taken, await stores.Signings.AddAsync(signing with { Request = Hash() }, null, Most));
        await stores.RestartAsync();

        var found = (await stores.Signings.FindAsync(signing.Request))!;
        Assert.Equal((SigningState.Waiting, 0, signing.Expires, signing.Group), (found.State, found.Attempts, found.Expires, found.Group));
        Assert.Equal(signing.Items, found.Items);
        Assert.Equal(signing.Statement.Statement, found.Statement.Statement);
        Assert.Equal(signing.Statement.Signatures, found.Statement.Signatures);
        Assert.Equal(signing.Group, await stores.Signings.GroupOfAsync(signing.Request));
        Assert.Equal([new UnfinishedSigning(signing.Request, SigningState.Waiting, signing.Expires, 0)], await stores.Signings.UnfinishedAsync());
        Assert.Equal([signing.Request], await stores.Signings.UnfinishedOfAsync(signing.Group));
        Assert.Null(await stores.Signings.FindAsync(Hash()));
        Assert.Null(await stores.Signings.GroupOfAsync(Hash()));
    }

    [Fact]
    public async Task A_signing_added_with_a_lease_runs_with_its_first_attempt_reserved()
    {
        await using var stores = await OpenAsync();
        var signing = await NewSigningAsync(stores);
        var lease = Lease();

        await stores.Signings.AddAsync(signing, lease, Most);

        Assert.Equal((SigningState.Running, 1), ((await stores.Signings.FindAsync(signing.Request))!.State, (await stores.Signings.FindAsync(signing.Request))!.Attempts));
        Assert.True(await stores.Signings.FinishAsync(signing.Request, lease.Owner, Completed));
        Assert.Equal((SigningState.Completed, 1), ((await stores.Signings.FindAsync(signing.Request))!.State, (await stores.Signings.FindAsync(signing.Request))!.Attempts));
        Assert.Equal(Completed.Result, (await stores.Signings.FindAsync(signing.Request))!.Result);
        Assert.Empty(await stores.Signings.UnfinishedAsync());
    }

    [Fact]
    public async Task An_attempt_is_taken_over_as_it_is_and_by_one_gateway_only()
    {
        await using var stores = await OpenAsync();
        var signing = await NewSigningAsync(stores);
        var (first, second) = (Lease(), Lease());
        await stores.Signings.AddAsync(signing, first, Most);
        Assert.Equal(SigningState.Running, await stores.Signings.StateOfAsync(signing.Request));
        Assert.False(await stores.Signings.AdoptAsync(signing.Request, 1, second));
        Assert.True(await stores.Signings.AdoptAsync(signing.Request, 1, first));
        await stores.Signings.ReleaseAsync(first.Owner);
        Assert.False(await stores.Signings.AdoptAsync(signing.Request, 2, second));
        Assert.True(await stores.Signings.AdoptAsync(signing.Request, 1, second));
        Assert.Equal(1, (await stores.Signings.FindAsync(signing.Request))!.Attempts);
        Assert.True(await stores.Signings.FinishAsync(signing.Request, second.Owner, Completed));
        Assert.False(await stores.Signings.AdoptAsync(signing.Request, 1, second));
        Assert.Equal(SigningState.Completed, await stores.Signings.StateOfAsync(signing.Request));
        Assert.Null(await stores.Signings.StateOfAsync(Hash()));
    }

    [Fact]
    public async Task Of_many_decisions_at_once_exactly_the_completing_one_starts_the_signing()
    {
        await using var stores = await OpenAsync();
        var signing = await NewSigningAsync(stores);
        await stores.Signings.AddAsync(signing, null, Most);

        var answers = await Task.WhenAll(Enumerable.Range(0, 5).Select(place =>
            stores.Signings.AddApprovalAsync(signing.Request, Approval(place), all => all.Count == 5, Lease())));

        Assert.Single(answers, answer => answer.Started);
        Assert.All(answers, answer => Assert.True(answer.Stands));
        var found = (await stores.Signings.FindAsync(signing.Request))!;
        Assert.Equal((SigningState.Running, 1, 5), (found.State, found.Attempts, found.Approvals.Length));
    }

    [Fact]
    public async Task A_repeated_decision_changes_nothing_and_the_first_of_a_kind_stands()
    {
        await using var stores = await OpenAsync();
        var signing = await NewSigningAsync(stores);
        await stores.Signings.AddAsync(signing, null, Most);
        var approval = Approval(1);

        await stores.Signings.AddApprovalAsync(signing.Request, approval, _ => false, Lease());
        var repeated = await stores.Signings.AddApprovalAsync(signing.Request, approval, _ => true, Lease());
        var again = await stores.Signings.AddApprovalAsync(signing.Request, Approval(1), _ => true, Lease());

        Assert.Equal(new AddedApproval(SigningState.Waiting, Stands: true, Started: false), repeated);
        Assert.Equal(new AddedApproval(SigningState.Waiting, Stands: false, Started: false), again);
        Assert.Equal(approval.Statement.Statement, Assert.Single((await stores.Signings.FindAsync(signing.Request))!.Approvals).Statement.Statement);
    }

    [Fact]
    public async Task A_reject_ends_the_signing_even_after_an_approval_and_while_it_runs()
    {
        await using var stores = await OpenAsync();
        var signing = await NewSigningAsync(stores);
        var lease = Lease();
        await stores.Signings.AddAsync(signing, lease, Most);
        await stores.Signings.AddApprovalAsync(signing.Request, Approval(1), _ => false, Lease());

        var rejected = await stores.Signings.AddApprovalAsync(signing.Request, Approval(1) with { Approve = false }, _ => true, Lease());

        Assert.Equal(new AddedApproval(SigningState.Rejected, Stands: true, Started: false), rejected);
        Assert.False(await stores.Signings.FinishAsync(signing.Request, lease.Owner, Completed));
        var late = await stores.Signings.AddApprovalAsync(signing.Request, Approval(2), _ => true, Lease());
        Assert.Equal(new AddedApproval(SigningState.Rejected, Stands: false, Started: false), late);
        Assert.Equal("rejected", (await stores.Signings.FindAsync(signing.Request))!.Error!.Code);
    }

    [Fact]
    public async Task Attempts_are_reserved_one_by_one_and_only_by_who_holds_the_lease()
    {
        await using var stores = await OpenAsync();
        var signing = await NewSigningAsync(stores);
        var (mine, other) = (Lease(), Lease());
        await stores.Signings.AddAsync(signing, mine, Most);

        Assert.False(await stores.Signings.ReserveAsync(signing.Request, 1, other));
        Assert.True(await stores.Signings.ReserveAsync(signing.Request, 1, mine));
        Assert.False(await stores.Signings.ReserveAsync(signing.Request, 1, mine));
        Assert.Equal(2, (await stores.Signings.FindAsync(signing.Request))!.Attempts);

        Assert.False(await stores.Signings.FinishAsync(signing.Request, other.Owner, Completed));
        await stores.PassAsync(mine.Length);
        Assert.True(await stores.Signings.ReserveAsync(signing.Request, 2, other));
        Assert.False(await stores.Signings.FinishAsync(signing.Request, mine.Owner, Completed));
        Assert.True(await stores.Signings.FinishAsync(signing.Request, other.Owner, Completed));
        Assert.False(await stores.Signings.ReserveAsync(signing.Request, 3, other));
    }

    [Fact]
    public async Task A_lease_is_renewed_and_given_up()
    {
        await using var stores = await OpenAsync();
        var signing = await NewSigningAsync(stores);
        var mine = Lease();
        await stores.Signings.AddAsync(signing, mine, Most);

        await stores.PassAsync(mine.Length * 0.9);
        await stores.Signings.RenewAsync(mine);
        await stores.PassAsync(mine.Length * 0.9);
        Assert.False(await stores.Signings.ReserveAsync(signing.Request, 1, Lease()));
        await stores.Signings.ReleaseAsync(mine.Owner);
        Assert.True(await stores.Signings.ReserveAsync(signing.Request, 1, Lease()));
    }

    [Fact]
    public async Task A_signing_ends_once()
    {
        await using var stores = await OpenAsync();
        var signing = await NewSigningAsync(stores);
        await stores.Signings.AddAsync(signing, null, Most);

        Assert.False(await stores.Signings.FinishAsync(signing.Request, Id(), Completed));
        Assert.True(await stores.Signings.CloseAsync(signing.Request, Expired));
        Assert.False(await stores.Signings.CloseAsync(signing.Request, Expired with { State = SigningState.Cancelled }));

        var found = (await stores.Signings.FindAsync(signing.Request))!;
        Assert.Equal((SigningState.Expired, Expired.Error), (found.State, found.Error));
    }

    [Fact]
    public async Task A_group_has_a_bounded_number_of_unfinished_signings()
    {
        await using var stores = await OpenAsync();
        var first = await NewSigningAsync(stores);
        var second = first with { Request = Hash(), Signing = Id() };
        Assert.Equal(AddedSigning.Added, await stores.Signings.AddAsync(first, null, 1));
        Assert.Equal(AddedSigning.TooMany, await stores.Signings.AddAsync(second, null, 1));
        Assert.Equal(AddedSigning.Repeated, await stores.Signings.AddAsync(first, null, 1));

        await stores.Signings.CloseAsync(first.Request, Expired);
        Assert.Equal(AddedSigning.Added, await stores.Signings.AddAsync(second, null, 1));
    }

    [Fact]
    public async Task A_nonce_of_a_key_is_used_once_also_over_a_restart_and_by_many_at_once()
    {
        await using var stores = await OpenAsync();
        var (key, nonce) = (Bytes(32), Bytes(16));
        var later = DateTimeOffset.UtcNow.AddMinutes(2);

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => stores.Replay.TryUseAsync(key, nonce, later)));
        await stores.RestartAsync();

        Assert.Single(answers, true);
        Assert.False(await stores.Replay.TryUseAsync(key, nonce, later));
        Assert.True(await stores.Replay.TryUseAsync(Bytes(32, 7), nonce, later));
        Assert.True(await stores.Replay.TryUseAsync(key, Bytes(16, 7), later));
    }

    private protected static async Task<NewSigning> NewSigningAsync(IStores stores) =>
        new(Hash(), (await AddGroupAsync(stores)).Hash, Id(), 5_000_000, Statement(), Bytes(5000), 0);

    private static StoredApproval Approval(int place) => new(place, true, Statement());

    // An hour: none ends while a test runs, unless it lets time pass.
    private static Lease Lease() => new(Id(), TimeSpan.FromHours(1));
}
