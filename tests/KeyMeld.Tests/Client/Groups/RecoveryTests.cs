using KeyMeld.Client;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Statements;
using KeyMeld.Tests.Client.Support;

namespace KeyMeld.Tests.Client.Groups;

/// <summary>protocol.md section 8: the same keys in a new manifest give the same aggregate.</summary>
public sealed class RecoveryTests : IDisposable
{
    private static readonly GroupPlan Plan = ClientWorld.TwoOfTwo with
    {
        Threshold = 1,
        Approvers = [1],
        Tweaks = new TweakChain([new Tweak.Taproot(new ScriptTree.Leaf(0xc0, new byte[] { 0x51 }))]),
        Subsets = [new PlannedSubset([0, 1]) { Tweaks = TweakChain.Empty }],
    };

    private readonly ClientWorld _world = new();

    private static CancellationToken Cancel => ClientWorld.Cancel;

    public void Dispose() => _world.Dispose();

    [Fact]
    public async Task A_group_formed_anew_from_its_record_and_the_members_own_keys_has_the_old_keys()
    {
        var (old, _) = await _world.FormAsync(Plan);
        var record = BlueprintJson.Parse(BlueprintJson.Write(GroupBlueprint.Of(old)));

        var again = await FormAgainAsync(record, old, bobsKey: _world.Bob.Groups.KeptKey(old.Id));

        record.RequireSameKeys(again);
        Assert.Equal((old.OutputKey, old.Subsets[0].OutputKey), (again.OutputKey, again.Subsets[0].OutputKey));
        Assert.Equal((1, 1), (again.Threshold, Assert.Single(again.Approvers)));
        Assert.NotEqual((old.Id, old.RosterHash), (again.Id, again.RosterHash));
        // What was kept once is kept again: the new group can be formed anew as well.
        using var kept = _world.Alice.Groups.KeptKey(again.Id);
        Assert.True(GroupBlueprint.Of(again).IsKeyOf(0, kept));
    }

    [Fact]
    public async Task Another_key_in_one_place_is_noticed_and_named()
    {
        var (old, _) = await _world.FormAsync(Plan);
        var record = GroupBlueprint.Of(old);
        var again = await FormAgainAsync(record, old, MemberKey.Generate());
        var error = Assert.Throws<KeyMeldException>(() => record.RequireSameKeys(again));
        Assert.Equal(ErrorCodes.RosterMismatch, error.Code);
        Assert.Contains("members 1 ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_kept_key_goes_into_a_file_of_its_owner_alone_and_comes_back()
    {
        var (old, _) = await _world.FormAsync(Plan);
        var path = Path.Combine(_world.Alice.Profile.Folder, "..", "kept.key");
        using (var kept = _world.Alice.Groups.KeptKey(old.Id))
        {
            kept.ToFile(path);
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
            // Never over another file.
            Refused.With(ErrorCodes.KeyFileInvalid, () => kept.ToFile(path));
        }
        using var read = MemberKey.FromFile(path);
        Assert.True(GroupBlueprint.Of(old).IsKeyOf(0, read));
        Assert.False(GroupBlueprint.Of(old).IsKeyOf(1, read));
    }

    [Fact]
    public async Task An_imported_key_is_not_kept()
    {
        var (group, invitation) = await _world.CreateAsync();
        using var offer = await _world.Bob.Groups.InspectAsync(invitation, Cancel);
        using var key = MemberKey.Import(Enumerable.Repeat((byte)7, 32).ToArray());
        await _world.Bob.Groups.JoinAsync(offer, key, cancellationToken: Cancel);
        await _world.Bob.Groups.WaitUntilFormedAsync(group, cancellationToken: Cancel);
        Refused.With(ErrorCodes.NotFound, () => { _world.Bob.Groups.KeptKey(group); });
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("""{"version": 2}""")]
    [InlineData("""{"version": 1, "label": null, "member_keys": ["00"], "approvers": [], "threshold": 0, "creator_requests": false, "tweaks": [], "subsets": [], "output_keys": []}""")]
    [InlineData("""{"version": 1, "label": null, "member_keys": [], "approvers": [], "threshold": 0, "creator_requests": false, "tweaks": [], "subsets": [], "output_keys": []}""")]
    public void What_is_no_record_is_refused(string json) => Refused.With(ErrorCodes.BadRequest, () => { BlueprintJson.Parse(System.Text.Encoding.UTF8.GetBytes(json)); });

    [Fact]
    public async Task A_plan_for_another_number_of_members_is_refused()
    {
        var (old, _) = await _world.FormAsync(Plan);
        Refused.With(ErrorCodes.ManifestInvalid, () => { GroupBlueprint.Of(old).ToPlan([PlannedParticipant.Own()]); });
    }

    private async Task<Group> FormAgainAsync(GroupBlueprint record, Group old, MemberKey bobsKey)
    {
        using var created = await _world.Alice.Groups.CreateAsync(record.ToPlan([PlannedParticipant.Own(), PlannedParticipant.Invited("bob")]), Cancel);
        using (var key = _world.Alice.Groups.KeptKey(old.Id))
        {
            await _world.Alice.Groups.JoinAsync(created.Id, key, cancellationToken: Cancel);
        }
        using (bobsKey)
        {
            using var offer = await _world.Bob.Groups.InspectAsync(created.Invitations[0].Invitation, Cancel);
            await _world.Bob.Groups.JoinAsync(offer, bobsKey, cancellationToken: Cancel);
        }
        return await _world.Alice.Groups.WaitUntilFormedAsync(created.Id, cancellationToken: Cancel);
    }
}
