using System.Text;
using KeyMeld.Client;
using KeyMeld.IntegrationTests.Support;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using Microsoft.Data.Sqlite;

namespace KeyMeld.IntegrationTests.Client;

/// <summary>The life of groups on a stack of real processes: none waits for another, erased is erased, and members' keys outlive the group they were in.</summary>
public sealed class GroupLifeTests(StackFixture fixture) : IDisposable
{
    private static readonly JoinOptions Silent = new() { Approval = false, AcceptUnattended = true };
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private readonly List<TestUser> _users = [.. Enumerable.Range(0, 3).Select(_ => fixture.Stack.NewUser())];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private KeyMeldClient Alice => _users[0].Client;

    private KeyMeldClient Bob => _users[1].Client;

    public void Dispose() => _users.ForEach(user => user.Dispose());

    [Fact]
    public async Task Neither_a_group_that_waits_for_a_member_nor_requests_that_wait_for_approvals_delay_anybody()
    {
        using var stuck = await Alice.Groups.CreateAsync(new GroupPlan { Label = "stuck", Participants = [PlannedParticipant.Own(), PlannedParticipant.Invited("nobody")] }, Cancel);
        var careful = await _users.FormAsync();
        // More than a requester may have open in the enclaves at once: they wait in the gateway, and hold nobody up.
        var waiting = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => Alice.Signings.RequestAsync(careful, [Content($"waits {i}")], cancellationToken: Cancel)));

        var quick = await _users.FormAsync(plan => plan with { Unattended = true }, Silent);
        var signed = await Task.WhenAll(Enumerable.Range(0, 24).Select(i =>
            _users[i % 3].Client.Signings.SignAsync(_users[i % 3].Group(quick.Id), [Content($"quick {i}"), Content($"too {i}")], timeout: Patience, cancellationToken: Cancel)));
        Assert.Equal(48, signed.SelectMany(outcome => outcome.Signatures).Distinct().Count());

        // Within the group whose requests wait as well: the newest is approved first, and is signed.
        await ApproveAsync(waiting[^1]);
        Assert.True((await Alice.Signings.WaitAsync(waiting[^1], Patience, Cancel)).IsSigned);
        Assert.All(await Task.WhenAll(waiting[..^1].Select(one => Alice.Signings.StatusAsync(one, Cancel))), outcome => Assert.Equal(SigningState.Waiting, outcome.State));
        await Task.WhenAll(waiting[..^1].Select(ApproveAsync));
        Assert.All(await Task.WhenAll(waiting.Select(one => Alice.Signings.WaitAsync(one, Patience, Cancel))), outcome => Assert.True(outcome.IsSigned));
        Assert.Equal(GroupState.Joining, (await Alice.Groups.StatusAsync(stuck.Id, Cancel)).State);
    }

    [Fact]
    public async Task A_group_erased_before_it_was_formed_leaves_hashes_and_stays_erased()
    {
        using var created = await Alice.Groups.CreateAsync(new GroupPlan { Label = "mistake", Participants = [PlannedParticipant.Own(), PlannedParticipant.Invited("bob")] }, Cancel);
        using (var key = MemberKey.Generate())
        {
            await Alice.Groups.JoinAsync(created.Id, key, cancellationToken: Cancel);
        }
        Assert.NotEqual(0L, await BytesOfAsync(created.Id));

        await Alice.Groups.EraseAsync(created.Id, Cancel);

        Assert.Equal(0L, await BytesOfAsync(created.Id));
        Assert.Equal(GroupState.Erased, (await Alice.Groups.StatusAsync(created.Id, Cancel)).State);
        // 410 from now on, whoever posts it again: the same creation, the same registration, and whoever was invited.
        Assert.Equal(ErrorCodes.Erased, (await Assert.ThrowsAsync<KeyMeldException>(() => Alice.Groups.ResumeCreateAsync(created.Id, Cancel))).Code);
        Assert.Equal(ErrorCodes.Erased, (await Assert.ThrowsAsync<KeyMeldException>(() => Alice.Groups.ResumeJoinAsync(created.Id, Cancel))).Code);
        Assert.Equal(ErrorCodes.Erased, (await Assert.ThrowsAsync<KeyMeldException>(() => Bob.Groups.InspectAsync(created.Invitations[0].Invitation, Cancel))).Code);
        Assert.Equal(0L, await BytesOfAsync(created.Id));
    }

    [Fact]
    public async Task A_member_who_erased_its_key_signs_no_more_the_others_do_and_the_kept_keys_make_the_same_group_again()
    {
        var pair = new PlannedSubset([0, 2]) { Id = Id16.Random() };
        var old = await _users.FormAsync(plan => plan with { Unattended = true, Subsets = [pair] }, Silent);
        Assert.True((await Alice.Signings.SignAsync(old, [Content("before")], timeout: Patience, cancellationToken: Cancel)).IsSigned);
        var envelopes = await EnvelopesOfAsync(old.Id);

        await Bob.Groups.EraseOwnKeyAsync(old.Id, Cancel);

        Assert.Equal(envelopes - 1, await EnvelopesOfAsync(old.Id));
        Assert.Equal(ErrorCodes.Erased, (await Assert.ThrowsAsync<KeyMeldException>(() => Alice.Signings.RequestAsync(old, [Content("after")], cancellationToken: Cancel))).Code);
        Assert.True((await Alice.Signings.SignAsync(old, [Content("without bob") with { Subset = pair.Id }], timeout: Patience, cancellationToken: Cancel)).IsSigned);

        var again = await RecoverAsync(GroupBlueprint.Of(old), old.Id);
        Assert.Equal((old.OutputKey, old.Subsets[0].OutputKey), (again.OutputKey, again.Subsets[0].OutputKey));
        var signed = await Bob.Signings.SignAsync(_users[1].Group(again.Id), [Content("again")], timeout: Patience, cancellationToken: Cancel);
        Assert.True(SignatureVerification.VerifyContent(old.OutputKey, new MemoryStream("again"u8.ToArray()), signed.Signatures[0]));
    }

    private static SigningContent Content(string text) => SigningContent.FromBytes(Encoding.UTF8.GetBytes(text));

    private async Task ApproveAsync(SigningReference reference)
    {
        foreach (var user in _users.Skip(1))
        {
            await user.Client.Signings.ApproveAsync(await user.Client.Signings.ReviewAsync(reference, Cancel), cancellationToken: Cancel);
        }
    }

    private async Task<Group> RecoverAsync(GroupBlueprint record, Hash32 old)
    {
        using var created = await Alice.Groups.CreateAsync(record.ToPlan([PlannedParticipant.Own(), PlannedParticipant.Invited(), PlannedParticipant.Invited()]), Cancel);
        using (var key = Alice.Groups.KeptKey(old))
        {
            await Alice.Groups.JoinAsync(created.Id, key, Silent, Cancel);
        }
        foreach (var (user, issued) in _users.Skip(1).Zip(created.Invitations))
        {
            using var offer = await user.Client.Groups.InspectAsync(issued.Invitation, Cancel);
            using var key = user.Client.Groups.KeptKey(old);
            await user.Client.Groups.JoinAsync(offer, key, Silent, Cancel);
        }
        var groups = await Task.WhenAll(_users.Select(user => user.Client.Groups.WaitUntilFormedAsync(created.Id, Patience, Cancel)));
        record.RequireSameKeys(groups[0]);
        return groups[0];
    }

    // Whatever the gateway keeps of a group besides hashes and public keys.
    private Task<long> BytesOfAsync(Hash32 group) => QueryAsync(
        "SELECT (SELECT coalesce(sum(coalesce(length(manifest), 0) + coalesce(length(terms), 0)), 0) FROM groups WHERE manifest_hash = $group) + (SELECT count(*) FROM registrations WHERE manifest_hash = $group AND (statement IS NOT NULL OR envelope IS NOT NULL)) + (SELECT count(*) FROM group_session_secrets WHERE manifest_hash = $group)", group);

    private Task<long> EnvelopesOfAsync(Hash32 group) => QueryAsync("SELECT count(*) FROM registrations WHERE manifest_hash = $group AND envelope IS NOT NULL", group);

    private async Task<long> QueryAsync(string sql, Hash32 group)
    {
        await using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = fixture.Stack.Layout.Database, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString());
        await connection.OpenAsync(Cancel);
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // constants of this class
        command.CommandText = sql;
#pragma warning restore CA2100
        command.Parameters.AddWithValue("$group", group.Bytes.ToArray());
        return (long)(await command.ExecuteScalarAsync(Cancel))!;
    }
}
