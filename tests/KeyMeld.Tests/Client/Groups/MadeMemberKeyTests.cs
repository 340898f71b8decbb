using KeyMeld.Client;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Statements;
using KeyMeld.Tests.Client.Support;

namespace KeyMeld.Tests.Client.Groups;

public sealed class MadeMemberKeyTests : IDisposable
{
    private readonly ClientWorld _world = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _world.Dispose();

    [Fact]
    public async Task A_group_forms_and_signs_with_a_key_that_no_profile_ever_held()
    {
        var silent = new JoinOptions { Approval = false, AcceptUnattended = true };
        var (group, invitation) = await _world.CreateAsync(ClientWorld.TwoOfTwo with { Unattended = true }, silent);
        using (var offer = await _world.Bob.Groups.InspectAsync(invitation, Cancel))
        using (var made = MemberKey.MadeByEnclave())
        {
            Assert.True(made.IsMadeByEnclave);
            await _world.Bob.Groups.JoinAsync(offer, made, silent, Cancel);
        }
        Assert.DoesNotContain(_world.Bob.Profile.SecretsNamed(""), name => name.Contains("/member/", StringComparison.Ordinal));
        var alice = await _world.Alice.Groups.WaitUntilFormedAsync(group, cancellationToken: Cancel);
        await _world.Bob.Groups.WaitUntilFormedAsync(group, cancellationToken: Cancel);
        // The owners' registrations prove which keys are made.
        Assert.Equal([KeySource.Imported, KeySource.Made], alice.Members.Select(member => member.Source));
        var outcome = await _world.Alice.Signings.SignAsync(alice, [SigningContent.FromHash(new byte[32])], cancellationToken: Cancel);
        Assert.True(outcome.IsSigned);
        var asked = Assert.Single(_world.Gateway.Posts, call => call.Target.EndsWith("/make-key", StringComparison.Ordinal));
        Assert.True(asked.IsAuthorized);
    }

    [Fact]
    public async Task A_place_that_is_taken_already_asks_for_no_key()
    {
        var (group, _) = await _world.CreateAsync();
        using var made = MemberKey.MadeByEnclave();
        await Refused.WithAsync(ErrorCodes.Conflict, () => _world.Alice.Groups.JoinAsync(group, made, null, Cancel));
        Assert.DoesNotContain(_world.Gateway.Posts, call => call.Target.EndsWith("/make-key", StringComparison.Ordinal));
    }
}
