using KeyMeld.Protocol;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Tests.Enclave.Rounds;

namespace KeyMeld.Tests.Enclave.Signing;

public sealed class LimitTests
{
    private readonly HostedEnclave[] _enclaves = HostedEnclave.Fleet(1);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Four_open_requests_of_a_requester_are_the_most()
    {
        var group = Group(3);
        var drivers = Enumerable.Range(0, 5).Select(_ => Request(group)).ToArray();
        var opened = new List<Wire.V1.RoundBlob[]>();
        foreach (var driver in drivers[..Limits.OpenRequestsOfRequester])
        {
            opened.Add(await driver.OpenAllAsync());
        }
        await Refused.WithAsync(ErrorCodes.Busy, () => drivers[4].OpenAsync(0));
        // Another requester is served; opening an open one again at a higher attempt is no further one.
        await Request(group, by: 1).OpenAsync(0);
        await drivers[0].OpenAsync(0, 2);
        await Refused.WithAsync(ErrorCodes.Busy, () => drivers[4].OpenAsync(0));
        // One that signs makes room.
        await drivers[1].SignAsync(0, opened[1]);
        await drivers[4].OpenAsync(0);
        await Refused.WithAsync(ErrorCodes.Busy, () => drivers[1].OpenAsync(0, 2));
    }

    [Fact]
    public async Task Sixteen_open_requests_of_a_group_are_the_most()
    {
        var group = Group(5);
        for (var i = 0; i < Limits.OpenRequestsOfGroup; i++)
        {
            await Request(group, by: i % 4).OpenAsync(0);
        }
        var late = Request(group, by: 4);
        await Refused.WithAsync(ErrorCodes.Busy, () => late.OpenAsync(0));
        Assert.Equal(Limits.OpenRequestsOfGroup, _enclaves[0].Signing.Remembered);
        await Request(Group(2)).OpenAsync(0);
        // Those that expire make room.
        _enclaves[0].Clock.Advance(TestRequest.Lifetime + TimeSpan.FromMinutes(2));
        _enclaves[0].Time.Advance(TimeSpan.FromMinutes(1));
        await Request(group, by: 4, created: _enclaves[0].Clock.Now).OpenAsync(0);
    }

    [Fact]
    public async Task Refused_requests_do_not_count_as_open()
    {
        var group = Group(2);
        for (var i = 0; i < 40; i++)
        {
            var driver = Request(group);
            await Refused.WithAsync(ErrorCodes.ItemsInvalid, () => _enclaves[0].Signing.OpenAsync(driver.OpenCall(0).With(call => call.Items = call.Items.Flipped()), Cancellation));
            var other = new Driver(new TestRequest(group, [TestRequest.Item()], change: request => request with { Signers = [0] }), _enclaves);
            await Refused.WithAsync(ErrorCodes.RequestInvalid, () => other.OpenAsync(0));
        }
        Assert.Equal((0, 0UL), (_enclaves[0].Signing.Remembered, _enclaves[0].Counters.NoncesIssued));
        await Request(group).AssertCanGoOnAsync(1);
    }

    [Fact]
    public async Task More_pairs_of_subset_and_tweaks_than_256_are_refused()
    {
        var group = Group(2);
        SigningItem[] items = [.. Enumerable.Range(1, Limits.DistinctKeys + 1).Select(index => TestRequest.Item(tweaks: new TweakChain([new Tweak.Plain(Small(index))])))];
        await Refused.WithAsync(ErrorCodes.LimitExceeded, () => new Driver(new TestRequest(group, items), _enclaves).OpenAsync(0));
        await new Driver(new TestRequest(group, items[..Limits.DistinctKeys]), _enclaves).AssertCanGoOnAsync(1);
    }

    [Fact]
    public async Task More_pairs_of_item_and_signer_than_65536_are_refused()
    {
        var group = Group(14, unattended: true);
        await Refused.WithAsync(ErrorCodes.LimitExceeded, () => new Driver(new TestRequest(group, TestRequest.Messages(4_682)), _enclaves).OpenAsync(0));
        Assert.Equal(0UL, _enclaves[0].Counters.NoncesIssued);
    }

    [Fact]
    public async Task P12_the_largest_requests_of_all_members_at_once_are_busy_within_the_memory_and_a_small_one_is_served()
    {
        using var enclave = new HostedEnclave(memory: 24 << 20);
        var group = new TestGroup([enclave], [new(0, approval: false), new(0, approval: false)], new GroupShape { Unattended = true });
        var other = new TestGroup([enclave], [new(0, approval: false), new(0, approval: false)], new GroupShape { Unattended = true });
        await enclave.GroupDesk.LoadGroupAsync(other.Bundle(0), Cancellation);
        var large = Enumerable.Range(0, 6).Select(index => new Driver(new TestRequest(group, TestRequest.Messages(5_000), by: index % 2), enclave) { Approvals = [] }).ToArray();
        var outcomes = await Task.WhenAll(large.Select(driver => Task.Run(async () =>
        {
            try
            {
                await driver.OpenAsync(0);
                return "opened";
            }
            catch (KeyMeldException exception)
            {
                return exception.Code;
            }
        })));
        Assert.All(outcomes, outcome => Assert.Contains(outcome, (string[])["opened", ErrorCodes.Busy]));
        Assert.Contains(ErrorCodes.Busy, outcomes);
        Assert.Contains("opened", outcomes);
        Assert.InRange(enclave.Memory.Used, 1, enclave.Memory.Limit);
        await new Driver(new TestRequest(other, TestRequest.Messages(1)), enclave) { Approvals = [] }.AssertCanGoOnAsync(1);

        // When the large ones are over, nothing of them is left.
        enclave.Clock.Advance(TestRequest.Lifetime + TimeSpan.FromMinutes(2));
        enclave.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.InRange(enclave.Memory.Used, 1, 128 << 10);
    }

    [Fact]
    public async Task A_request_that_would_not_fit_into_an_empty_enclave_is_told_so()
    {
        using var enclave = new HostedEnclave(memory: 1 << 20);
        var group = new TestGroup([enclave], [new(0), new(0)]);
        await Refused.WithAsync(ErrorCodes.LimitExceeded, () => new Driver(new TestRequest(group, TestRequest.Messages(5_000)), enclave).OpenAsync(0));
        await new Driver(new TestRequest(group, TestRequest.Messages(1)), enclave).AssertCanGoOnAsync(1);
    }

    [Fact]
    public async Task G13_requests_and_groups_without_end_leave_bounded_memory()
    {
        using var enclave = new HostedEnclave(memory: 512 << 10);
        for (var i = 0; i < 60; i++)
        {
            var group = new TestGroup([enclave], [new(0), new(0)]);
            await new Driver(new TestRequest(group, TestRequest.Messages(20)), enclave).AssertCanGoOnAsync(1);
            Assert.InRange(enclave.Memory.Used, 1, enclave.Memory.Limit);
        }
        Assert.InRange(enclave.Groups.Count, 1, 59);
        // Answers were given up for room; that the attempts were is not forgotten.
        Assert.Equal(60, enclave.Signing.Remembered);
    }

    [Fact]
    public async Task An_answer_that_was_given_up_for_room_is_not_made_again()
    {
        using var enclave = new HostedEnclave(memory: 512 << 10);
        var group = new TestGroup([enclave], [new(0), new(0)]);
        var driver = new Driver(new TestRequest(group, TestRequest.Messages(5)), enclave);
        var round1 = await driver.OpenAllAsync();
        var round2 = await driver.SignAllAsync(round1);
        using (enclave.Memory.Reserve(enclave.Memory.Limit - (64 << 10)))
        {
            Assert.Equal(ErrorCodes.Busy, Assert.Throws<KeyMeldException>(() => enclave.Memory.Reserve(64 << 10)).Code);
        }
        await Refused.WithAsync(ErrorCodes.NonceAlreadyUsed, () => driver.SignAsync(0, round1));
        await Refused.WithAsync(ErrorCodes.AttemptStale, () => driver.OpenAsync(0));
        Assert.All(driver.Read(await driver.CombineAsync(0, round1, round2)), item => Assert.IsType<ItemResult.Completed>(item));
        await driver.AssertCanGoOnAsync(2);
    }

    private static Hash32 Small(int value)
    {
        var bytes = new byte[32];
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(28), value);
        return new Hash32(bytes);
    }

    private TestGroup Group(int members, bool unattended = false) =>
        new(_enclaves, [.. Enumerable.Range(0, members).Select(_ => new TestMember(0, approval: !unattended))], new GroupShape { Unattended = unattended });

    private Driver Request(TestGroup group, int by = 0, long created = TestGroup.Created) => new(new TestRequest(group, TestRequest.Messages(1), by, created), _enclaves);
}
