using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Tests.Enclave.Rounds;

namespace KeyMeld.Tests.Enclave.Signing;

public sealed class ApprovalTests
{
    private readonly HostedEnclave[] _enclaves = HostedEnclave.Fleet(2);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task G06_without_enough_valid_approvals_no_nonce_is_made()
    {
        // Five members; two of 1, 2, 3 must approve; member 4 signs and asks to be asked, member 0 requests.
        var quiet = Id16.Random();
        TestMember[] members = [new(0, approval: false), new(1, approval: false), new(0, approval: false), new(1, approval: false), new(0)];
        var group = new TestGroup(_enclaves, members, new GroupShape { Approvals = new([1, 2, 3], 2), Subsets = [new(quiet, [0, 1])] });
        var request = new TestRequest(group, TestRequest.Messages(3));
        var other = new TestRequest(group, TestRequest.Messages(3));
        SignedStatement By(int member) => members[member].Decide(request.Digest, TestGroup.Created);
        var stranger = new TestMember(0);

        (string Code, SignedStatement[] Approvals)[] attacks =
        [
            (ErrorCodes.ApprovalsMissing, []),
            (ErrorCodes.ApprovalsMissing, [By(1), By(4)]), // fewer than the threshold
            (ErrorCodes.ApprovalsMissing, [By(1), By(1), By(1), By(4)]), // one of them three times
            (ErrorCodes.ApprovalsMissing, [By(0), By(1), By(4)]), // a member who is no approver
            (ErrorCodes.ApprovalsMissing, [By(1), By(2)]), // without the signer who must be asked
            (ErrorCodes.ApprovalsMissing, [By(1), By(2), By(3)]),
            (ErrorCodes.ApprovalInvalid, [By(1), members[2].Decide(other.Digest, TestGroup.Created), By(4)]), // of another request
            (ErrorCodes.ApprovalInvalid, [By(1), stranger.Decide(request.Digest, TestGroup.Created), By(4)]), // of nobody
            (ErrorCodes.ApprovalInvalid, [By(1), new TestMember(0) { User = members[2].User }.Decide(request.Digest, TestGroup.Created), By(4)]), // in another's name
            (ErrorCodes.ApprovalInvalid, [By(1), new(By(2).Statement, By(3).Signatures), By(4)]),
            (ErrorCodes.StatementInvalid, [By(1), By(2), new(request.Signed.Bytes, By(4).Signatures)]),
            (ErrorCodes.LimitExceeded, [.. Enumerable.Repeat(By(1), 11)]),
        ];
        var driver = new Driver(request, _enclaves);
        foreach (var (code, approvals) in attacks)
        {
            driver.Approvals = [.. approvals];
            await Refused.WithAsync(code, () => driver.OpenAsync(0));
            await Refused.WithAsync(code, () => driver.OpenAsync(1));
        }
        Assert.All(_enclaves, enclave => Assert.Equal((0UL, 0), (enclave.Counters.NoncesIssued, enclave.Signing.Remembered)));

        driver.Approvals = [By(3), By(4), By(1)];
        await driver.AssertCanGoOnAsync(1);

        // The subset's signers need not be asked, but the approvers must be.
        var subset = new Driver(new TestRequest(group, [TestRequest.Item(quiet)]), _enclaves) { Approvals = [] };
        await Refused.WithAsync(ErrorCodes.ApprovalsMissing, () => subset.OpenAsync(0));
        subset.Approvals = [members[1].Decide(subset.Request.Digest, TestGroup.Created), members[3].Decide(subset.Request.Digest, TestGroup.Created)];
        await subset.AssertCanGoOnAsync(1);
    }

    [Fact]
    public async Task G06_a_members_request_is_its_approval_and_the_creators_is_none()
    {
        var group = new TestGroup(_enclaves, [new(0), new(1, approval: false)], new GroupShape { CreatorRequests = true });
        await new Driver(new TestRequest(group, TestRequest.Messages(1), by: 0), _enclaves) { Approvals = [] }.AssertCanGoOnAsync(1);
        var byCreator = new Driver(new TestRequest(group, TestRequest.Messages(1), by: null), _enclaves) { Approvals = [] };
        await Refused.WithAsync(ErrorCodes.ApprovalsMissing, () => byCreator.OpenAsync(0));
    }

    [Fact]
    public async Task G06_the_creator_may_not_request_where_the_manifest_does_not_say_so()
    {
        var group = Group();
        await Refused.WithAsync(ErrorCodes.RequestInvalid, () => new Driver(new TestRequest(group, TestRequest.Messages(1), by: null), _enclaves).OpenAsync(0));
        // Nor does anybody request in another's name.
        var forged = new TestRequest(group, TestRequest.Messages(1), by: 0, change: request => request with { By = 1 });
        await Refused.WithAsync(ErrorCodes.RequestInvalid, () => new Driver(forged, _enclaves).OpenAsync(0));
    }

    [Fact]
    public async Task G06_a_reject_seen_at_open_is_final_in_this_boot()
    {
        var driver = new Driver(new TestRequest(Group(), TestRequest.Messages(1)), _enclaves);
        var reject = driver.Group.Members[1].Decide(driver.Request.Digest, TestGroup.Created, Decision.Reject);
        var approvals = driver.Approvals;
        driver.Approvals = [.. approvals, reject];
        await Refused.WithAsync(ErrorCodes.Rejected, () => driver.OpenAsync(0));
        driver.Approvals = approvals;
        await Refused.WithAsync(ErrorCodes.Rejected, () => driver.OpenAsync(0));
        await Refused.WithAsync(ErrorCodes.Rejected, () => driver.OpenAsync(0, 2));
        Assert.Equal(0UL, _enclaves[0].Counters.NoncesIssued);

        // Also where the rest of the call would be refused anyway.
        driver.Approvals = [reject];
        await Refused.WithAsync(ErrorCodes.Rejected, () => driver.OpenAsync(1));
        driver.Approvals = approvals;
        await Refused.WithAsync(ErrorCodes.Rejected, () => driver.OpenAsync(1));
        await new Driver(new TestRequest(driver.Group, TestRequest.Messages(1)), _enclaves).AssertCanGoOnAsync(1);
    }

    [Fact]
    public async Task G06_a_reject_seen_at_sign_burns_the_nonces_and_is_final()
    {
        var driver = new Driver(new TestRequest(Group(), TestRequest.Messages(3)), _enclaves);
        var reject = driver.Group.Members[1].Decide(driver.Request.Digest, TestGroup.Created, Decision.Reject);
        var round1 = await driver.OpenAllAsync();
        await Refused.WithAsync(ErrorCodes.Rejected, () => _enclaves[0].Signing.SignAsync(driver.SignCall(0, round1).With(call => call.Rejects.Add(reject.ToWire())), Cancellation));
        Assert.Equal((0UL, 3UL), (_enclaves[0].Counters.NoncesUsed, _enclaves[0].Counters.NoncesBurnt));
        await Refused.WithAsync(ErrorCodes.Rejected, () => driver.SignAsync(0, round1));
        await Refused.WithAsync(ErrorCodes.Rejected, () => driver.OpenAsync(0, 2));

        // After signing too: what was answered is not repeated, nothing further is signed.
        await driver.SignAsync(1, round1);
        await Refused.WithAsync(ErrorCodes.Rejected, () => _enclaves[1].Signing.SignAsync(driver.SignCall(1, round1).With(call => call.Rejects.Add(reject.ToWire())), Cancellation));
        await Refused.WithAsync(ErrorCodes.Rejected, () => driver.SignAsync(1, round1));
        await Refused.WithAsync(ErrorCodes.Rejected, () => driver.OpenAsync(1, 2));
    }

    [Fact]
    public async Task G06_what_is_no_members_reject_of_this_request_stops_nothing()
    {
        var group = Group();
        var driver = new Driver(new TestRequest(group, TestRequest.Messages(1)), _enclaves);
        var other = new TestRequest(group, TestRequest.Messages(1));
        var round1 = await driver.OpenAllAsync();
        SignedStatement[] wrong =
        [
            driver.Approvals[0],
            group.Members[1].Decide(other.Digest, TestGroup.Created, Decision.Reject),
            new TestMember(0).Decide(driver.Request.Digest, TestGroup.Created, Decision.Reject),
            new TestMember(0) { User = group.Members[1].User }.Decide(driver.Request.Digest, TestGroup.Created, Decision.Reject),
        ];
        foreach (var reject in wrong)
        {
            await Refused.WithAsync(ErrorCodes.ApprovalInvalid, () => _enclaves[0].Signing.SignAsync(driver.SignCall(0, round1).With(call => call.Rejects.Add(reject.ToWire())), Cancellation));
        }
        var round2 = await driver.SignAllAsync(round1);
        Assert.All(driver.Read(await driver.CombineAsync(0, round1, round2)), item => Assert.IsType<ItemResult.Completed>(item));
    }

    [Fact]
    public async Task A_reject_is_remembered_until_the_request_expires_and_not_longer()
    {
        var driver = new Driver(new TestRequest(Group(), TestRequest.Messages(1)), _enclaves);
        driver.Approvals.Add(driver.Group.Members[1].Decide(driver.Request.Digest, TestGroup.Created, Decision.Reject));
        await Refused.WithAsync(ErrorCodes.Rejected, () => driver.OpenAsync(0));
        _enclaves[0].Clock.Advance(TestRequest.Lifetime);
        _enclaves[0].Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(1, _enclaves[0].Signing.Remembered);
        await Refused.WithAsync(ErrorCodes.Rejected, () => driver.OpenAsync(0));

        _enclaves[0].Clock.Advance(TimeSpan.FromMinutes(2));
        _enclaves[0].Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(0, _enclaves[0].Signing.Remembered);
        driver.Approvals.RemoveAt(driver.Approvals.Count - 1);
        await Refused.WithAsync(ErrorCodes.Expired, () => driver.OpenAsync(0));
    }

    private TestGroup Group() => new(_enclaves, [new(0), new(1)]);
}
