using KeyMeld.Gateway.Signing;
using KeyMeld.Protocol;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Tests.Gateway.Signing;

public class SigningTurnsTests
{
    private static readonly Hash32 Group = Hash32.Sha256([1]);
    private readonly SigningTurns _turns = new();

    [Fact]
    public async Task A_requester_has_as_many_turns_as_an_enclave_keeps_open_and_the_next_gets_the_first_that_is_free()
    {
        var taken = await TakeAsync(Limits.OpenRequestsOfRequester, by: 1);
        var waiting = _turns.TakeAsync(Group, 1, TestContext.Current.CancellationToken);
        Assert.False(waiting.IsCompleted);
        (await _turns.TakeAsync(Group, 2, TestContext.Current.CancellationToken)).Dispose();
        (await _turns.TakeAsync(Hash32.Sha256([2]), 1, TestContext.Current.CancellationToken)).Dispose();

        taken[2].Dispose();
        taken[2].Dispose();
        await waiting;
        Assert.False(_turns.TakeAsync(Group, 1, TestContext.Current.CancellationToken).IsCompleted);
    }

    [Fact]
    public async Task A_group_has_as_many_turns_as_an_enclave_keeps_open()
    {
        for (var by = 0; by < Limits.OpenRequestsOfGroup / Limits.OpenRequestsOfRequester; by++)
        {
            await TakeAsync(Limits.OpenRequestsOfRequester, by);
        }
        Assert.False(_turns.TakeAsync(Group, null, TestContext.Current.CancellationToken).IsCompleted);
    }

    [Fact]
    public async Task Who_gives_up_waiting_takes_no_turn()
    {
        var taken = await TakeAsync(Limits.OpenRequestsOfRequester, by: 1);
        using var impatient = new CancellationTokenSource();
        var given = _turns.TakeAsync(Group, 1, impatient.Token);
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => given);

        taken.ForEach(turn => turn.Dispose());
        await TakeAsync(Limits.OpenRequestsOfRequester, by: 1);
    }

    private async Task<List<IDisposable>> TakeAsync(int count, int? by)
    {
        var taken = new List<IDisposable>();
        for (var index = 0; index < count; index++)
        {
            taken.Add(await _turns.TakeAsync(Group, by, TestContext.Current.CancellationToken));
        }
        return taken;
    }
}
