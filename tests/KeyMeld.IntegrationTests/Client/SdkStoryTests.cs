using System.Security.Cryptography;
using KeyMeld.Client;
using KeyMeld.IntegrationTests.Support;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.IntegrationTests.Client;

/// <summary>The SDK on a stack of real processes: what users do, and how each ends.</summary>
public sealed class SdkStoryTests(StackFixture fixture) : IDisposable
{
    private static readonly JoinOptions Silent = new() { Approval = false, AcceptUnattended = true };
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private readonly List<TestUser> _users = [.. Enumerable.Range(0, 3).Select(_ => fixture.Stack.NewUser())];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private KeyMeldClient Alice => _users[0].Client;

    private KeyMeldClient Bob => _users[1].Client;

    private KeyMeldClient Carol => _users[2].Client;

    public void Dispose() => _users.ForEach(user => user.Dispose());

    [Fact]
    public async Task All_three_must_approve_and_all_hold_one_signature_of_the_aggregate_of_their_keys()
    {
        var group = await _users.FormAsync();
        var content = RandomNumberGenerator.GetBytes(1000);
        var reference = await Alice.Signings.RequestAsync(group, [SigningContent.FromBytes(content)], cancellationToken: Cancel);
        var first = await Bob.Signings.ApproveAsync(await Bob.Signings.ReviewAsync(reference, Cancel), cancellationToken: Cancel);
        Assert.Equal(SigningState.Waiting, first.State);
        var review = await Carol.Signings.ReviewAsync(reference, Cancel);
        Assert.Equal([2], review.AwaitedSigners);
        Assert.Equal(content, Assert.IsType<ItemContent.Shown>(review.Items[0].Content).Data.ToArray());
        await Carol.Signings.ApproveAsync(review, cancellationToken: Cancel);
        var outcomes = await Task.WhenAll(_users.Select(user => user.Client.Signings.WaitAsync(reference, Patience, Cancel)));
        Assert.Single(outcomes.Select(outcome => outcome.Signatures[0]).Distinct());
        var aggregate = KeyAggregation.Aggregate(KeyAggregation.Sort([.. group.Members.Select(member => member.MemberKey)]));
        var bip86 = aggregate.WithXOnlyTweak(TaggedHash.Compute("TapTweak", aggregate.OutputKey.Bytes));
        Assert.True(SignatureVerification.VerifyContent(bip86.OutputKey, new MemoryStream(content), outcomes[0].Signatures[0]));
    }

    [Fact]
    public async Task An_unattended_group_signs_a_batch_over_group_and_subsets_in_one_call()
    {
        var subset = Id16.Random();
        var tree = new TweakChain([new Tweak.Taproot(new ScriptTree.Branch(new ScriptTree.Leaf(0xc0, new byte[] { 0x51 }), new ScriptTree.Leaf(0xc0, new byte[] { 0x52 })))]);
        var group = await _users.FormAsync(plan => plan with { Unattended = true, Tweaks = tree, Subsets = [new PlannedSubset([0, 2]) { Id = subset }] }, Silent);
        var contents = Enumerable.Range(0, 60).Select(i => SigningContent.FromBytes(BitConverter.GetBytes(i)) with
        {
            Subset = i % 3 == 1 ? subset : null,
            Tweaks = i % 3 == 2 ? TweakChain.Empty : null,
        }).ToList();
        var outcome = await Carol.Signings.SignAsync(_users[2].Group(group.Id), contents, timeout: Patience, cancellationToken: Cancel);
        Assert.Equal(60, outcome.Signatures.Count);
        Assert.Equal(3, outcome.Items!.Cast<SignedItem.Signed>().Select(item => item.OutputKey).Distinct().Count());
        Assert.All(outcome.Items!.Cast<SignedItem.Signed>(), item => Assert.True(SignatureVerification.Verify(item.OutputKey, item.Message.Bytes, item.Signature)));
        Assert.Equal(group.OutputKeyOf(subset), ((SignedItem.Signed)outcome.Items![1]).OutputKey);
    }

    [Fact]
    public async Task A_threshold_of_approvers_is_enough_where_members_do_not_ask_to_be_asked()
    {
        var group = await _users.FormAsync(plan => plan with { Threshold = 2 }, new JoinOptions { Approval = false });
        var reference = await Alice.Signings.RequestAsync(group, [SigningContent.FromHash(new byte[32])], cancellationToken: Cancel);
        var review = await Carol.Signings.ReviewAsync(reference, Cancel);
        Assert.Equal((0, 1), (review.AwaitedSigners.Count, review.AwaitedVotes));
        await Carol.Signings.ApproveOpaqueAsync(review, cancellationToken: Cancel);
        Assert.True((await Bob.Signings.WaitAsync(reference, Patience, Cancel)).IsSigned);
    }

    [Fact]
    public async Task Rejected_and_cancelled_requests_end_so_for_everybody()
    {
        var group = await _users.FormAsync();
        var rejected = await Alice.Signings.RequestAsync(group, [SigningContent.FromHash(new byte[32])], cancellationToken: Cancel);
        Assert.Equal(SigningState.Rejected, (await Bob.Signings.RejectAsync(rejected, Cancel)).State);
        Assert.Equal(SigningState.Rejected, (await Carol.Signings.WaitAsync(rejected, Patience, Cancel)).State);
        var cancelled = await Alice.Signings.RequestAsync(group, [SigningContent.FromHash(new byte[32])], cancellationToken: Cancel);
        Assert.Equal(SigningState.Cancelled, (await Alice.Signings.CancelAsync(cancelled, Cancel)).State);
        Assert.Equal(SigningState.Cancelled, (await Bob.Signings.StatusAsync(cancelled, Cancel)).State);
    }

    [Fact]
    public async Task A_request_repeated_after_a_lost_answer_is_one_signing()
    {
        var group = await _users.FormAsync(plan => plan with { Unattended = true }, Silent);
        var prepared = await Alice.Signings.PrepareAsync(group, [SigningContent.FromHash(new byte[32])], cancellationToken: Cancel);
        var first = await Alice.Signings.SubmitAsync(prepared, Patience, Cancel);
        var second = await Alice.Signings.SubmitAsync(prepared, Patience, Cancel);
        Assert.Equal(first.Signatures, second.Signatures);
    }

    [Fact]
    public async Task A_refused_member_key_is_told_and_another_one_joins()
    {
        using var created = await Alice.Groups.CreateAsync(new GroupPlan { Participants = [PlannedParticipant.Own(), PlannedParticipant.Invited()] }, Cancel);
        using var key = MemberKey.Generate();
        await Alice.Groups.JoinAsync(created.Id, key, null, Cancel);
        using var offer = await Bob.Groups.InspectAsync(created.Invitations[0].Invitation, Cancel);
        Assert.Equal(ErrorCodes.KeyReused, (await Assert.ThrowsAsync<KeyMeldException>(() => Bob.Groups.JoinAsync(offer, key, null, Cancel))).Code);
        using var other = MemberKey.Generate();
        await Bob.Groups.JoinAsync(offer, other, null, Cancel);
        Assert.Equal(2, (await Bob.Groups.WaitUntilFormedAsync(created.Id, Patience, Cancel)).Members.Count);
        var alarm = await Assert.ThrowsAsync<KeyMeldException>(() => Carol.Groups.InspectAsync(created.Invitations[0].Invitation, Cancel));
        Assert.Equal(ErrorCodes.SlotTaken, alarm.Code);
    }

    [Fact]
    public async Task Own_admission_keys_and_a_creator_without_a_place()
    {
        var admissions = new[] { Bob.Profile.CreateAdmissionKey(), Carol.Profile.CreateAdmissionKey() };
        var plan = new GroupPlan { Participants = [.. admissions.Select(key => PlannedParticipant.Known(key))], CreatorRequests = true };
        using var created = await Alice.Groups.CreateAsync(plan, Cancel);
        foreach (var (client, issued) in new[] { Bob, Carol }.Zip(created.Invitations))
        {
            Assert.Null(issued.Invitation.Admission);
            using var offer = await client.Groups.InspectAsync(issued.Invitation, Cancel);
            using var key = MemberKey.Generate();
            await client.Groups.JoinAsync(offer, key, null, Cancel);
        }
        var group = await Alice.Groups.WaitUntilFormedAsync(created.Id, Patience, Cancel);
        await Bob.Groups.WaitUntilFormedAsync(created.Id, Patience, Cancel);
        await Carol.Groups.WaitUntilFormedAsync(created.Id, Patience, Cancel);
        var reference = await Alice.Signings.RequestAsync(group, [SigningContent.FromHash(new byte[32])], new RequestOptions { AsCreator = true }, Cancel);
        foreach (var client in new[] { Bob, Carol })
        {
            await client.Signings.ApproveOpaqueAsync(await client.Signings.ReviewAsync(reference, Cancel), cancellationToken: Cancel);
        }
        Assert.True((await Alice.Signings.WaitAsync(reference, Patience, Cancel)).IsSigned);
    }

    [Fact]
    public async Task Erasing_ends_a_group_before_it_forms_and_a_members_part_afterwards()
    {
        using var created = await Alice.Groups.CreateAsync(new GroupPlan { Participants = [PlannedParticipant.Own(), PlannedParticipant.Invited()] }, Cancel);
        await Alice.Groups.EraseAsync(created.Id, Cancel);
        var error = await Assert.ThrowsAsync<KeyMeldException>(() => Bob.Groups.InspectAsync(created.Invitations[0].Invitation, Cancel));
        Assert.Equal(ErrorCodes.Erased, error.Code);
        var group = await _users.FormAsync(plan => plan with { Unattended = true }, Silent);
        Assert.Equal(ErrorCodes.AlreadyFormed, (await Assert.ThrowsAsync<KeyMeldException>(() => Alice.Groups.EraseAsync(group.Id, Cancel))).Code);
        await Bob.Groups.EraseOwnKeyAsync(group.Id, Cancel);
        await Assert.ThrowsAsync<KeyMeldException>(() => Alice.Signings.SignAsync(group, [SigningContent.FromHash(new byte[32])], timeout: Patience, cancellationToken: Cancel));
    }

    [Fact]
    public async Task Two_processes_of_one_person_use_one_profile_at_once()
    {
        var group = await _users.FormAsync(plan => plan with { Unattended = true }, Silent);
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 4).Select(async i =>
        {
            using var profile = Profile.Open(_users[0].Profile.Folder);
            using var client = KeyMeldClient.Connect(fixture.Stack.Gateway, fixture.Stack.ClientPolicy(), profile);
            return await client.Signings.SignAsync(client.Groups.Load(group.Id), [SigningContent.FromBytes(new[] { (byte)i })], timeout: Patience, cancellationToken: Cancel);
        }));
        Assert.All(outcomes, outcome => Assert.True(outcome.IsSigned));
        Assert.Equal(4, Alice.Signings.List().Count);
    }
}
