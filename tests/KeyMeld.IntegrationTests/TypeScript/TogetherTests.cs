using System.Text.Json.Nodes;
using KeyMeld.Client;
using KeyMeld.IntegrationTests.Support;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Invitations;
using KeyMeld.Secp256k1;

namespace KeyMeld.IntegrationTests.TypeScript;

/// <summary>TypeScript and C# clients form groups together at real enclaves, and sign, approve and reject for each other.</summary>
public sealed class TogetherTests(StackFixture fixture) : IDisposable
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
    public async Task A_group_that_typescript_created_is_joined_from_csharp_and_both_sign_and_approve()
    {
        await using var bob = await TypeScriptPeer.StartAsync(fixture.Stack);
        var created = await bob.AskAsync("create", new JsonObject { ["invited"] = 2, ["made"] = true });
        var id = Hash32.Parse(created["group"]!.GetValue<string>());
        await JoinAsync(_alice, created["invitations"]![0]!.GetValue<string>(), MemberKey.Generate());
        await JoinAsync(_carol, created["invitations"]![1]!.GetValue<string>(), MemberKey.MadeByEnclave());
        var group = await _alice.Client.Groups.WaitUntilFormedAsync(id, Patience, Cancel);
        await _carol.Client.Groups.WaitUntilFormedAsync(id, Patience, Cancel);
        await SameAsync(bob, group);

        // C# asks, the others approve.
        var asked = await _alice.Client.Signings.RequestAsync(group, [SigningContent.FromBytes("from C#"u8.ToArray())], cancellationToken: Cancel);
        var seen = await bob.AskAsync("approve", asked);
        Assert.Equal(("from C#", group.MyIndex!.Value), (seen["shown"]![0]!.GetValue<string>(), seen["requestedBy"]!.GetValue<int>()));
        await ApproveAsync(_carol, asked);
        await SignedAsync(bob, asked, group.OutputKey);

        // TypeScript asks for a signature of all and for one of its subset, the others approve.
        var reference = SigningReference.Parse((await bob.AskAsync("request", Contents(id, "from TypeScript", "and more")))["reference"]!.GetValue<string>());
        await ApproveAsync(_alice, reference);
        await ApproveAsync(_carol, reference);
        await SignedAsync(bob, reference, group.OutputKey);
        var ofSubset = Contents(id, "of two");
        ofSubset["subset"] = true;
        var two = SigningReference.Parse((await bob.AskAsync("request", ofSubset))["reference"]!.GetValue<string>());
        await ApproveAsync(_alice, two);
        await ApproveAsync(_carol, two);
        await SignedAsync(bob, two, group.Subsets[0].OutputKey);
    }

    [Fact]
    public async Task A_group_that_csharp_created_is_joined_from_typescript_and_outlives_its_process()
    {
        using var created = await _alice.Client.Groups.CreateAsync(new GroupPlan { Label = "ours", Participants = [PlannedParticipant.Own(), PlannedParticipant.Invited()] }, Cancel);
        using (var key = MemberKey.Generate())
        {
            await _alice.Client.Groups.JoinAsync(created.Id, key, null, Cancel);
        }
        string folder;
        await using (var bob = await TypeScriptPeer.StartAsync(fixture.Stack))
        {
            folder = bob.Folder;
            var invitation = new JsonObject { ["invitation"] = created.Invitations[0].Invitation.Reveal() };
            Assert.Equal("ours", (await bob.AskAsync("join", invitation))["label"]!.GetValue<string>());
            Assert.Equal("conflict", await bob.RefusalAsync("join", new JsonObject { ["invitation"] = created.Invitations[0].Invitation.Reveal() }));
            await SameAsync(bob, await _alice.Client.Groups.WaitUntilFormedAsync(created.Id, Patience, Cancel));
        }

        await using var again = await TypeScriptPeer.StartAsync(fixture.Stack, folder);
        var group = _alice.Group(created.Id);
        var asked = await _alice.Client.Signings.RequestAsync(group, [SigningContent.FromHash(new byte[32])], cancellationToken: Cancel);
        Assert.Equal("opaque_message", await again.RefusalAsync("approve", new JsonObject { ["reference"] = asked.ToString() }));
        await again.AskAsync("approve", new JsonObject { ["reference"] = asked.ToString(), ["opaque"] = true });
        await SignedAsync(again, asked, group.OutputKey);
        Assert.Equal("completed", (await again.AskAsync("watch", asked))["states"]!.AsArray()[^1]!.GetValue<string>());

        // What one side rejects is over for both.
        var unwanted = SigningReference.Parse((await again.AskAsync("request", Contents(created.Id, "no")))["reference"]!.GetValue<string>());
        Assert.Equal(SigningState.Rejected, (await _alice.Client.Signings.RejectAsync(unwanted, Cancel)).State);
        Assert.Equal("rejected", (await again.AskAsync("wait", unwanted))["state"]!.GetValue<string>());
        var unwelcome = await _alice.Client.Signings.RequestAsync(group, [SigningContent.FromBytes(new byte[] { 1 })], cancellationToken: Cancel);
        Assert.Equal("rejected", (await again.AskAsync("reject", unwelcome))["state"]!.GetValue<string>());
        Assert.Equal(SigningState.Rejected, (await _alice.Client.Signings.WaitAsync(unwelcome, Patience, Cancel)).State);
    }

    [Fact]
    public async Task G01_G04_G11_G12_G18_typescript_refuses_what_a_lying_gateway_shows_it()
    {
        var script = await TypeScriptClient.ScriptAsync("test/stack/liar.js");
        var output = await TypeScriptClient.RunAsync(
            ["--test", "--test-reporter=tap", script], ("KEYMELD_GATEWAY", fixture.Stack.Gateway.AbsoluteUri), ("KEYMELD_ROOT", fixture.Stack.Layout.RootCertificate));
        Assert.Contains("# pass 7\n", output, StringComparison.Ordinal);
        Assert.Contains("# skipped 0\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_sample_does_what_it_says()
    {
        var script = await TypeScriptClient.ScriptAsync("samples/two-of-two.js");
        var lines = (await TypeScriptClient.RunAsync([script, fixture.Stack.Gateway.AbsoluteUri, fixture.Stack.Layout.RootCertificate])).TrimEnd().Split('\n');
        Assert.StartsWith("Bob joins 'savings': 2 of 2", lines[0], StringComparison.Ordinal);
        Assert.Matches("^bcrt1p[a-z0-9]{58}  fingerprint [0-9a-f]{40}  same for both: true$", lines[1]);
        Assert.Equal("Bob sees: pay ten to Carol", lines[2]);
        Assert.Matches("^signature [0-9a-f]{128}$", lines[3]);
    }

    private static JsonObject Contents(Hash32 group, params string[] contents) =>
        new() { ["group"] = group.ToString(), ["contents"] = new JsonArray([.. contents.Select(content => JsonValue.Create(content))]) };

    private static async Task JoinAsync(TestUser user, string letter, MemberKey key)
    {
        using var invitation = Invitation.Parse(letter);
        using var offer = await user.Client.Groups.InspectAsync(invitation, Cancel);
        using (key)
        {
            await user.Client.Groups.JoinAsync(offer, key, null, Cancel);
        }
    }

    private static async Task ApproveAsync(TestUser user, SigningReference reference)
    {
        var review = await user.Client.Signings.ReviewAsync(reference, Cancel);
        Assert.True(review.IsShown);
        await user.Client.Signings.ApproveAsync(review, cancellationToken: Cancel);
    }

    /// <summary>Both sides reckoned the same roster, keys and address.</summary>
    private static async Task SameAsync(TypeScriptPeer peer, Group group)
    {
        var theirs = await peer.AskAsync("formed", new JsonObject { ["group"] = group.Id.ToString() });
        Assert.Equal((group.RosterHash.ToString(), group.Fingerprint), (theirs["roster"]!.GetValue<string>(), theirs["fingerprint"]!.GetValue<string>()));
        Assert.Equal(group.Address(BitcoinNetwork.Regtest), theirs["address"]!.GetValue<string>());
        Assert.Equal([group.OutputKey.ToString(), .. group.Subsets.Select(subset => subset.OutputKey.ToString())], theirs["outputKeys"]!.AsArray().Select(key => key!.GetValue<string>()));
    }

    /// <summary>Both sides have the same signatures, which verify under the key.</summary>
    private async Task SignedAsync(TypeScriptPeer peer, SigningReference reference, XOnlyPublicKey key)
    {
        var ours = await _alice.Client.Signings.WaitAsync(reference, Patience, Cancel);
        var theirs = await peer.AskAsync("wait", reference);
        Assert.Equal(("completed", true), (theirs["state"]!.GetValue<string>(), theirs["verified"]!.GetValue<bool>()));
        Assert.Equal(ours.Signatures.Select(signature => signature.ToString()), theirs["signatures"]!.AsArray().Select(signature => signature!.GetValue<string>()));
        Assert.All(ours.Items!, item => Assert.True(key.Verify(item.Message.Bytes, Assert.IsType<SignedItem.Signed>(item).Signature)));
    }
}
