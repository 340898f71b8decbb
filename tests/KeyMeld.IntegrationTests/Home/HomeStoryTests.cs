using System.Collections.Concurrent;
using KeyMeld.Client;
using KeyMeld.IntegrationTests.Support;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.IntegrationTests.Home;

/// <summary>Members at home with the SDK's co-signer, on a stack of real processes.</summary>
public sealed class HomeStoryTests(StackFixture fixture) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private readonly List<TestUser> _users = [.. Enumerable.Range(0, 2).Select(_ => fixture.Stack.NewUser())];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private KeyMeldClient Alice => _users[0].Client;

    private KeyMeldClient Bob => _users[1].Client;

    public void Dispose() => _users.ForEach(user => user.Dispose());

    [Fact]
    public async Task The_co_signer_signs_what_its_owner_approves_and_nothing_else()
    {
        var group = await _users.FormAsync(plan => plan with { Participants = [PlannedParticipant.Own(), PlannedParticipant.Invited("bob") with { AtHome = true }] });
        Assert.Equal((0, (int?)null), (group.Members[0].Enclave, group.Members[1].Enclave));
        var events = new ConcurrentQueue<CoSignerEvent>();
        using var cosigner = Bob.CreateCoSigner(new CoSignerOptions { OnEvent = events.Enqueue });
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var serving = cosigner.RunAsync(cancellationToken: stop.Token);

        var wanted = await Alice.Signings.RequestAsync(group, [SigningContent.FromBytes(new byte[] { 1 }), SigningContent.FromBytes(new byte[] { 2 })], cancellationToken: Cancel);
        var unwanted = await Alice.Signings.RequestAsync(group, [SigningContent.FromBytes(new byte[] { 3 })], cancellationToken: Cancel);
        await Bob.Signings.ApproveAsync(await Bob.Signings.ReviewAsync(wanted, Cancel), cancellationToken: Cancel);
        Assert.Equal(2, (await Alice.Signings.WaitAsync(wanted, Patience, Cancel)).Signatures.Count);
        Assert.Equal(SigningState.Waiting, (await Alice.Signings.StatusAsync(unwanted, Cancel)).State);
        Assert.DoesNotContain(events, what => what is CoSignerEvent.Following following && following.Signing == unwanted);

        // Its own requests need no other word.
        var own = await Bob.Signings.RequestAsync(_users[1].Group(group.Id), [SigningContent.FromBytes(new byte[] { 4 })], cancellationToken: Cancel);
        await Alice.Signings.ApproveAsync(await Alice.Signings.ReviewAsync(own, Cancel), cancellationToken: Cancel);
        Assert.True((await Bob.Signings.WaitAsync(own, Patience, Cancel)).IsSigned);
        await stop.CancelAsync();
        await serving.WaitAsync(Patience, Cancel);
        Assert.DoesNotContain(events, what => what is CoSignerEvent.Refused);
    }

    [Fact]
    public async Task What_the_owner_did_not_decide_to_sign_is_refused_even_where_the_group_lets_it_through()
    {
        var silent = new JoinOptions { Approval = false, AcceptUnattended = true };
        var group = await _users.FormAsync(
            plan => plan with { Unattended = true, Participants = [PlannedParticipant.Own(), PlannedParticipant.Invited("bob") with { AtHome = true }] }, silent);
        var reference = await Alice.Signings.RequestAsync(group, [SigningContent.FromBytes(new byte[] { 1 })], cancellationToken: Cancel);
        using var cosigner = Bob.CreateCoSigner();
        var refusal = await Assert.ThrowsAsync<KeyMeldException>(() => cosigner.SignAsync(reference, Cancel).WaitAsync(Patience, Cancel));
        Assert.Equal(ErrorCodes.ApprovalsMissing, refusal.Code);
        Assert.Equal(SigningState.Running, (await Alice.Signings.StatusAsync(reference, Cancel)).State);

        // A policy of the owner's own decides from what would be signed.
        var seen = new ConcurrentQueue<SigningReview>();
        using var willing = Bob.CreateCoSigner(new CoSignerOptions
        {
            Decide = (review, _) =>
            {
                seen.Enqueue(review);
                return ValueTask.FromResult(review.IsShown);
            },
        });
        Assert.True((await willing.SignAsync(reference, Cancel).WaitAsync(Patience, Cancel)).IsSigned);
        Assert.Equal(reference, Assert.Single(seen).Reference);
    }

    [Fact]
    public async Task Groups_where_everybody_signs_at_home_need_the_enclave_to_combine_only()
    {
        var group = await _users.FormAsync(plan => plan with
        {
            Participants = [PlannedParticipant.Own() with { AtHome = true }, PlannedParticipant.Invited("bob") with { AtHome = true }],
        });
        Assert.Single(group.Enclaves);
        var reference = await Alice.Signings.RequestAsync(group, [SigningContent.FromBytes(new byte[] { 1 })], cancellationToken: Cancel);
        await Bob.Signings.ApproveAsync(await Bob.Signings.ReviewAsync(reference, Cancel), cancellationToken: Cancel);
        using var alices = Alice.CreateCoSigner();
        using var bobs = Bob.CreateCoSigner();
        var outcomes = await Task.WhenAll(alices.SignAsync(reference, Cancel), bobs.SignAsync(reference, Cancel)).WaitAsync(Patience, Cancel);
        Assert.Single(outcomes.Select(outcome => outcome.Signatures[0]).Distinct());
    }

    [Fact]
    public async Task A_co_signer_that_restarts_between_the_rounds_goes_on_with_the_next_attempt()
    {
        var group = await _users.FormAsync(plan => plan with
        {
            Participants = [PlannedParticipant.Own() with { AtHome = true }, PlannedParticipant.Invited("bob") with { AtHome = true }],
        });
        var reference = await Alice.Signings.RequestAsync(group, [SigningContent.FromBytes(new byte[] { 1 })], cancellationToken: Cancel);
        await Bob.Signings.ApproveAsync(await Bob.Signings.ReviewAsync(reference, Cancel), cancellationToken: Cancel);
        var sent = new TaskCompletionSource();
        using (var first = Bob.CreateCoSigner(new CoSignerOptions { OnEvent = what => _ = what is CoSignerEvent.SentNonces && sent.TrySetResult() }))
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
            var running = first.SignAsync(reference, stop.Token);
            await sent.Task.WaitAsync(Patience, Cancel);
            await stop.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        }
        using var alices = Alice.CreateCoSigner();
        using var second = Bob.CreateCoSigner();
        var outcomes = await Task.WhenAll(alices.SignAsync(reference, Cancel), second.SignAsync(reference, Cancel)).WaitAsync(Patience, Cancel);
        Assert.All(outcomes, outcome => Assert.True(outcome.IsSigned));
        Assert.Equal(2, (await Alice.Signings.StatusAsync(reference, Cancel)).Attempts);
    }

    [Fact]
    public async Task A_co_signer_outlives_its_gateway_and_signs_when_that_is_back()
    {
        await using var stack = await StackFixture.OwnStackAsync(options => options with { Enclaves = 1 });
        List<TestUser> users = [stack.NewUser(), stack.NewUser()];
        try
        {
            var group = await users.FormAsync(plan => plan with { Participants = [PlannedParticipant.Own(), PlannedParticipant.Invited("bob") with { AtHome = true }] });
            var retrying = new TaskCompletionSource();
            using var cosigner = users[1].Client.CreateCoSigner(new CoSignerOptions { OnEvent = what => _ = what is CoSignerEvent.Retrying && retrying.TrySetResult() });
            var reference = await users[0].Client.Signings.RequestAsync(group, [SigningContent.FromBytes(new byte[] { 1 })], cancellationToken: Cancel);
            await users[1].Client.Signings.ApproveAsync(await users[1].Client.Signings.ReviewAsync(reference, Cancel), new ApproveOptions(), Cancel);
            await stack.KillGatewayAsync();
            var signing = cosigner.SignAsync(reference, Cancel);
            await retrying.Task.WaitAsync(Patience, Cancel);
            await stack.StartGatewayAsync(Cancel);
            await stack.ReadyAsync();
            Assert.True((await signing.WaitAsync(Patience, Cancel)).IsSigned);
        }
        finally
        {
            users.ForEach(user => user.Dispose());
        }
    }
}
