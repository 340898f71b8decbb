using System.Text.Json.Nodes;
using KeyMeld.Client;
using KeyMeld.IntegrationTests.Support;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Invitations;
using KeyMeld.Secp256k1;

namespace KeyMeld.IntegrationTests.TypeScript;

/// <summary>Keys that stay with a TypeScript client, and challenges of several points, together with C# clients and real enclaves.</summary>
public sealed class HomeTests(StackFixture fixture) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private readonly TestUser _alice = fixture.Stack.NewUser();
    private readonly TestUser _carol = fixture.Stack.NewUser();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _alice.Dispose();
        _carol.Dispose();
    }

    [Fact]
    public async Task Members_at_home_in_typescript_and_csharp_sign_together_with_an_enclave_also_after_a_restart()
    {
        using var created = await _alice.Client.Groups.CreateAsync(
            new GroupPlan { Participants = [PlannedParticipant.Own(), PlannedParticipant.Invited() with { AtHome = true }, PlannedParticipant.Invited() with { AtHome = true }], Approvers = [0, 2] }, Cancel);
        using (var key = MemberKey.Generate())
        {
            await _alice.Client.Groups.JoinAsync(created.Id, key, null, Cancel);
        }
        await JoinAsync(_carol, created.Invitations[1].Invitation.Reveal());
        string folder;
        Group group;
        SigningReference signing;
        await using (var bob = await TypeScriptPeer.StartAsync(fixture.Stack))
        {
            folder = bob.Folder;
            var letter = created.Invitations[0].Invitation.Reveal();
            Assert.Equal("bad_request", await bob.RefusalAsync("join", new JsonObject { ["invitation"] = letter, ["made"] = true }));
            await bob.AskAsync("join", new JsonObject { ["invitation"] = letter, ["silent"] = true });
            group = await _alice.Client.Groups.WaitUntilFormedAsync(created.Id, Patience, Cancel);
            Assert.Equal(group.Fingerprint, (await bob.AskAsync("formed", new JsonObject { ["group"] = created.Id.ToString() }))["fingerprint"]!.GetValue<string>());
            await _carol.Client.Groups.WaitUntilFormedAsync(created.Id, Patience, Cancel);

            signing = await _alice.Client.Signings.RequestAsync(
                group, [SigningContent.FromBytes("one"u8.ToArray()), SigningContent.FromBytes("two"u8.ToArray())], cancellationToken: Cancel);
            await ApproveAsync(_carol, signing);
            // The group does not wait for it, but what its owner has not decided is not signed.
            Assert.Equal("approvals_missing", await bob.RefusalAsync("cosign", new JsonObject { ["reference"] = signing.ToString() }));
            await bob.AskAsync("approve", signing);
            await bob.AskAsync("cosign", signing);
        }

        // Its public nonces are with the gateway, the secret ones went with the process: only the next attempt leads on.
        using var cosigner = _carol.Client.CreateCoSigner();
        var carols = cosigner.SignAsync(signing, Cancel);
        await using var again = await TypeScriptPeer.StartAsync(fixture.Stack, folder);
        await again.AskAsync("cosign", signing);
        var told = await again.AskAsync("cosigned");
        var outcome = await _alice.Client.Signings.WaitAsync(signing, Patience, Cancel);
        Assert.Equal(2, outcome.Signatures.Count);
        Assert.True((await _alice.Client.Signings.StatusAsync(signing, Cancel)).Attempts > 1);
        Assert.Equal(outcome.Signatures.Select(signature => signature.ToString()), told["signatures"]!.AsArray().Select(signature => signature!.GetValue<string>()));
        Assert.True((await carols.WaitAsync(Patience, Cancel)).IsSigned);
    }

    [Fact]
    public async Task Challenges_of_several_points_are_made_proved_and_completed_by_either_side()
    {
        await using var bob = await TypeScriptPeer.StartAsync(fixture.Stack);
        var created = await bob.AskAsync("create", new JsonObject { ["invited"] = 1, ["atHome"] = true });
        var id = Hash32.Parse(created["group"]!.GetValue<string>());
        await JoinAsync(_alice, created["invitations"]![0]!.GetValue<string>());
        var group = await _alice.Client.Groups.WaitUntilFormedAsync(id, Patience, Cancel);
        await bob.AskAsync("formed", new JsonObject { ["group"] = id.ToString() });

        // TypeScript makes the challenge and asks; C# proves its point and sees that both are proved.
        using var secret = SecretKey.Generate();
        var point = (await bob.AskAsync("point"))["point"]!.GetValue<string>();
        var points = new JsonArray(point, secret.PublicKey.ToString());
        var line = (await bob.AskAsync("challenge", new JsonObject { ["group"] = id.ToString(), ["points"] = points }))["challenge"]!.GetValue<string>();
        var ours = AdaptorChallenge.Parse(line).Prove(secret).ToString();
        var theirs = (await bob.AskAsync("prove", new JsonObject { ["challenge"] = line }))["proof"]!.GetValue<string>();
        Assert.Equal("adaptor_invalid", await bob.RefusalAsync("requestProven", Proven(id, line, ours)));
        var asked = SigningReference.Parse((await bob.AskAsync("requestProven", Proven(id, line, ours, theirs)))["reference"]!.GetValue<string>());
        await ApproveAsync(_alice, asked);
        await bob.AskAsync("cosign", asked);
        await CompletedAsync(bob, asked, secret, AdaptorChallenge.Parse(line).Sum, group.OutputKey);

        // And the other way round.
        var challenge = AdaptorChallenge.Create(group, [PublicKey.Parse(Convert.FromHexString(point)), secret.PublicKey]);
        var proof = SchnorrSignature.Parse(Convert.FromHexString((await bob.AskAsync("prove", new JsonObject { ["challenge"] = challenge.ToString() }))["proof"]!.GetValue<string>()));
        var content = SigningContent.FromBytes("both know"u8.ToArray()) with { Adaptor = challenge.Complete([challenge.Prove(secret), proof]) };
        var reference = await _alice.Client.Signings.RequestAsync(group, [content], cancellationToken: Cancel);
        await bob.AskAsync("approve", reference);
        await bob.AskAsync("cosign", reference);
        await CompletedAsync(bob, reference, secret, challenge.Sum, group.OutputKey);
    }

    private static JsonObject Proven(Hash32 group, string challenge, params string[] proofs) =>
        new() { ["group"] = group.ToString(), ["challenge"] = challenge, ["content"] = "both know", ["proofs"] = new JsonArray([.. proofs.Select(proof => JsonValue.Create(proof))]) };

    /// <summary>The secrets of both complete what the group made, and the signature gives their sum away.</summary>
    private async Task CompletedAsync(TypeScriptPeer bob, SigningReference reference, SecretKey secret, PublicKey sum, XOnlyPublicKey key)
    {
        var made = Assert.Single((await _alice.Client.Signings.WaitAsync(reference, Patience, Cancel)).PreSignatures);
        using var bytes = secret.Export();
        var request = new JsonObject { ["reference"] = reference.ToString(), ["secret"] = Convert.ToHexStringLower(bytes.Span) };
        var signature = SchnorrSignature.Parse(Convert.FromHexString((await bob.AskAsync("complete", request))["signature"]!.GetValue<string>()));
        Assert.True(key.Verify(made.Message, signature));
        Assert.True(made.TryExtract(signature, out var learned));
        using (learned)
        {
            Assert.Equal(sum, learned.PublicKey);
        }
    }

    private static async Task JoinAsync(TestUser user, string letter)
    {
        using var invitation = Invitation.Parse(letter);
        using var offer = await user.Client.Groups.InspectAsync(invitation, Cancel);
        using var key = MemberKey.Generate();
        await user.Client.Groups.JoinAsync(offer, key, null, Cancel);
    }

    private static async Task ApproveAsync(TestUser user, SigningReference reference) =>
        await user.Client.Signings.ApproveAsync(await user.Client.Signings.ReviewAsync(reference, Cancel), cancellationToken: Cancel);
}
