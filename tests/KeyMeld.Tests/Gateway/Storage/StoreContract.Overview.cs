using KeyMeld.Gateway.Storage;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Tests.Gateway.Storage;

public abstract partial class StoreContract
{
    [Fact]
    public async Task An_operator_is_shown_what_runs_then_what_waits_the_nearest_deadline_first_and_no_more_than_asked_for()
    {
        await using var stores = await OpenAsync();
        var (late, soon, later) = (await UntilAsync(9_000), await UntilAsync(5_000), await UntilAsync(8_000));
        var running = (await UntilAsync(99_000), lease: Lease());
        var (done, lease) = (await UntilAsync(1_000), Lease());
        foreach (var waiting in (NewSigning[])[late, soon, later])
        {
            await stores.Signings.AddAsync(waiting, null, Most);
        }
        await stores.Signings.AddAsync(running.Item1, running.lease, Most);
        await stores.Signings.AddAsync(done, lease, Most);
        await stores.Signings.FinishAsync(done.Request, lease.Owner, Completed);
        var approval = Approval(1);
        await stores.Signings.AddApprovalAsync(soon.Request, approval, _ => false, Lease());

        var shown = await stores.Overview.InFlightAsync(3);

        Assert.Equal((3, 1), (shown.Waiting, shown.Running));
        Assert.Equal([running.Item1.Request, soon.Request, later.Request], shown.Nearest.Select(signing => signing.Request));
        Assert.Equal([SigningState.Running, SigningState.Waiting, SigningState.Waiting], shown.Nearest.Select(signing => signing.State));
        Assert.Equal((soon.Group, soon.Expires, 0), (shown.Nearest[1].Group, shown.Nearest[1].Expires, shown.Nearest[1].Attempts));
        Assert.Equal(soon.Statement.Statement, shown.Nearest[1].Statement.Statement);
        Assert.Equal(soon.Statement.Signatures, shown.Nearest[1].Statement.Signatures);
        Assert.Equal(approval.Statement.Statement, Assert.Single(shown.Nearest[1].Approvals).Statement.Statement);
        Assert.Empty(shown.Nearest[2].Approvals);

        async Task<NewSigning> UntilAsync(long expires) => await NewSigningAsync(stores) with { Expires = expires };
    }

    [Fact]
    public async Task An_operator_is_shown_the_newest_groups_that_are_joining_and_no_others()
    {
        await using var stores = await OpenAsync();
        var groups = Enumerable.Range(1, 4).Select(at => Group() with { Created = at * 1000 }).ToList();
        foreach (var group in groups)
        {
            await stores.Groups.AddAsync(group);
        }
        await stores.Groups.CloseAsync(groups[3].Hash, GroupState.Expired, null);

        var shown = await stores.Overview.JoiningAsync(2);

        Assert.Equal(3, shown.Count);
        Assert.Equal([new JoiningGroup(groups[2].Hash, 3000), new JoiningGroup(groups[1].Hash, 2000)], shown.Newest);
    }

    [Fact]
    public async Task An_operator_is_shown_the_newest_that_failed_with_its_group_and_nothing_that_ended_otherwise()
    {
        await using var stores = await OpenAsync();
        var before = DateTimeOffset.UtcNow.AddSeconds(-5).ToUnixTimeMilliseconds();
        var failed = new SigningOutcome(SigningState.Failed, null, new StoredError("attempts_exhausted", "Why."));
        var (first, second, waiting) = (await NewSigningAsync(stores), await NewSigningAsync(stores), await NewSigningAsync(stores));
        foreach (var (signing, outcome) in ((NewSigning, SigningOutcome)[])[(first, failed), (second, Expired), (await NewSigningAsync(stores), Completed), (await NewSigningAsync(stores), Completed with { State = SigningState.Rejected })])
        {
            var lease = Lease();
            await stores.Signings.AddAsync(signing, lease, Most);
            // Not in one and the same millisecond of the clock, which database and test share.
            for (var now = Milliseconds(); Milliseconds() < now + 2;)
            {
                await Task.Delay(1, TestContext.Current.CancellationToken);
            }
            Assert.True(outcome == failed ? await stores.Signings.FinishAsync(signing.Request, lease.Owner, outcome) : await stores.Signings.CloseAsync(signing.Request, outcome));
        }
        await stores.Signings.AddAsync(waiting, null, Most);
        var (lost, erased) = (Group(), Group());
        await stores.Groups.AddAsync(lost);
        await stores.Groups.AddAsync(erased);
        await stores.Groups.CloseAsync(lost.Hash, GroupState.Expired, new StoredError("join_closed", "Why."));
        await stores.Groups.EraseAsync(erased.Hash, Hash());

        var shown = await stores.Overview.FailedAsync(before, 10);

        Assert.Equal([(second.Request, second.Group, Expired.Error!.Code), (first.Request, first.Group, "attempts_exhausted"), ((Hash32?)null, lost.Hash, "join_closed")],
            shown.Select(row => (row.Signing, row.Group, row.Code!)));
        Assert.All(shown, row => Assert.InRange(row.At, before, DateTimeOffset.UtcNow.AddSeconds(5).ToUnixTimeMilliseconds()));
        Assert.Equal([second.Request, null], (await stores.Overview.FailedAsync(before, 1)).Select(row => row.Signing));
        Assert.Empty(await stores.Overview.FailedAsync(shown.Max(row => row.At) + 1, 10));

        static long Milliseconds() => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
    }

    [Fact]
    public async Task A_database_says_what_it_is()
    {
        await using var stores = await OpenAsync();
        var facts = await stores.Overview.FactsAsync();
        Assert.NotEmpty(facts.Kind);
        Assert.InRange(facts.Bytes, 1, long.MaxValue);
        Assert.InRange(facts.Migration, 1, 1000);
        Assert.NotEmpty(facts.MigrationName);
    }
}
