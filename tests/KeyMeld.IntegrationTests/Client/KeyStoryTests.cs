using System.Security.Cryptography;
using KeyMeld.Client;
using KeyMeld.IntegrationTests.Support;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.IntegrationTests.Client;

/// <summary>Keys of one owner, and keys that enclaves made, over real processes that are killed in between.</summary>
public sealed class KeyStoryTests(StackFixture fixture)
{
    private static readonly byte[] Message = SHA256.HashData("message"u8);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Imported_and_made_keys_and_a_group_with_a_made_key_sign_again_after_everything_was_killed()
    {
        await using var stack = await StackFixture.OwnStackAsync(options => options with { Enclaves = 2 });
        using var alice = stack.NewUser();
        using var bob = stack.NewUser();
        using var secret = SecretKey.Generate();
        var imported = await alice.Client.Keys.ImportAsync(secret, new NewKeyOptions { Label = "imported", Enclave = 1 }, Cancel);
        var made = await alice.Client.Keys.MakeAsync(new NewKeyOptions { Label = "made" }, Cancel);
        var group = await FormWithMadeKeyAsync(alice, bob);
        await SignAllAsync(alice, [imported, made], group);

        await stack.KillEverythingAsync();
        await Task.WhenAll(stack.StartEnclavesAsync(Cancel), stack.StartGatewayAsync(Cancel));
        await stack.ReadyAsync();
        await SignAllAsync(alice, [alice.Client.Keys.Load(imported.Id), alice.Client.Keys.Load(made.Id)], group);

        await alice.Client.Keys.EraseAsync(made.Id, Cancel);
        await Assert.ThrowsAsync<KeyMeldException>(() => alice.Client.Keys.SignBip340Async(made, Message, cancellationToken: Cancel));
        Assert.Equal(imported.Id, Assert.Single(await alice.Client.Keys.ListAsync(Cancel)).Id);
        await alice.Client.Keys.SignEcdsaAsync(imported, Message, cancellationToken: Cancel);
        await stack.DisposeAsync();
        Directory.Delete(stack.Layout.Data, recursive: true);
    }

    [Fact]
    public async Task One_request_submitted_many_times_at_once_is_one_signature()
    {
        using var user = fixture.Stack.NewUser();
        var key = await user.Client.Keys.MakeAsync(cancellationToken: Cancel);
        using var prepared = await user.Client.Keys.PrepareAsync(key, Message, SingleSignAlgorithm.Ecdsa, cancellationToken: Cancel);
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => user.Client.Keys.SubmitAsync(prepared, cancellationToken: Cancel)));
        Assert.Single(answers.Select(answer => Convert.ToHexString(answer.Span)).Distinct());
    }

    private static async Task<Group> FormWithMadeKeyAsync(TestUser alice, TestUser bob)
    {
        var silent = new JoinOptions { Approval = false, AcceptUnattended = true };
        using var created = await alice.Client.Groups.CreateAsync(new GroupPlan { Participants = [PlannedParticipant.Own(), PlannedParticipant.Invited()], Unattended = true }, Cancel);
        using var key = MemberKey.Generate();
        await alice.Client.Groups.JoinAsync(created.Id, key, silent, Cancel);
        using var offer = await bob.Client.Groups.InspectAsync(created.Invitations[0].Invitation, Cancel);
        using var made = MemberKey.MadeByEnclave();
        await bob.Client.Groups.JoinAsync(offer, made, silent, Cancel);
        return await alice.Client.Groups.WaitUntilFormedAsync(created.Id, Patience, Cancel);
    }

    private static async Task SignAllAsync(TestUser user, IEnumerable<OwnedKey> keys, Group group)
    {
        foreach (var key in keys)
        {
            foreach (var tweak in (SingleTweak[])[new SingleTweak.None(), new SingleTweak.Bip86()])
            {
                var schnorr = await user.Client.Keys.SignBip340Async(key, Message, tweak, Patience, Cancel);
                Assert.True(key.OutputKey(tweak).Verify(Message, schnorr));
            }
            var ecdsa = await user.Client.Keys.SignEcdsaAsync(key, Message, Patience, Cancel);
            Assert.True(key.PublicKey.VerifyEcdsa(Message, ecdsa));
        }
        Assert.True((await user.Client.Signings.SignAsync(group, [SigningContent.FromHash(Message)], timeout: Patience, cancellationToken: Cancel)).IsSigned);
    }
}
