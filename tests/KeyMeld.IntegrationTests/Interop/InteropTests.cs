using System.Text.Json.Nodes;
using KeyMeld.Client;
using KeyMeld.IntegrationTests.Support;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Signing;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.IntegrationTests.Interop;

/// <summary>Groups of our real enclaves with software none of us wrote: @scure/btc-signer and @noble/curves.</summary>
public sealed class InteropTests(StackFixture fixture) : IDisposable
{
    private static readonly JoinOptions Silent = new() { Approval = false, AcceptUnattended = true };
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private readonly TestUser _alice = fixture.Stack.NewUser();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _alice.Dispose();

    [Fact]
    public async Task A_member_with_scures_musig2_signs_with_an_enclave_plain_bip86_and_tweaked()
    {
        await using var scure = await ScureMember.StartAsync(fixture.Stack.Gateway);
        var group = await FormAsync(scure, PlannedParticipant.Own());
        var raw = new TweakChain([new Tweak.Plain(Hash32.Sha256([1])), new Tweak.XOnly(Hash32.Sha256([2])), new Tweak.XOnly(Hash32.Sha256([3]))]);
        TweakChain?[] chains = [null, TweakChain.Empty, raw, new TweakChain([.. raw.Tweaks, new Tweak.Bip86()])];
        await SignAsync(scure, group, [.. chains.Select((chain, index) => SigningContent.FromBytes(new[] { (byte)index }) with { Tweaks = chain })]);
        Assert.Equal(group.OutputKey.ToString(), await scure.OutputAsync(group.Tweaks));
    }

    [Fact]
    public async Task A_member_with_scures_musig2_and_our_co_signer_sign_without_any_hosted_key()
    {
        await using var scure = await ScureMember.StartAsync(fixture.Stack.Gateway);
        var group = await FormAsync(scure, PlannedParticipant.Own() with { AtHome = true });
        Assert.All(group.Members, member => Assert.Null(member.Enclave));
        await SignAsync(scure, group, [SigningContent.FromBytes(new byte[] { 7 })]);
    }

    [Fact]
    public async Task A_member_with_scures_musig2_pre_signs_items_with_adaptors()
    {
        await using var scure = await ScureMember.StartAsync(fixture.Stack.Gateway);
        using var secret = SecretKey.Generate();
        var group = await FormAsync(scure, PlannedParticipant.Own());
        SigningContent[] contents =
        [
            SigningContent.FromBytes(new byte[] { 1 }) with { Adaptor = Adaptor.Of(secret.PublicKey) },
            SigningContent.FromBytes(new byte[] { 2 }) with { Adaptor = Adaptor.Of(secret.PublicKey), Tweaks = TweakChain.Empty },
        ];
        var (request, outcome) = await RunAsync(scure, group, contents);
        Assert.Equal(2, outcome.PreSignatures.Count);
        foreach (var (item, preSignature) in outcome.PreSignatures.Index())
        {
            // Completed with the secret it is a signature to whoever never heard of adaptors, and gives the secret away.
            var signature = preSignature.Adapt(secret);
            Assert.True(await scure.VerifiesAsync(request, item, signature));
            Assert.False(await scure.VerifiesAsync(request, item, SchnorrSignature.Parse(preSignature.PreSignature.Bytes)));
            Assert.True(preSignature.TryExtract(signature, out var learnt));
            Assert.Equal(secret.PublicKey, learnt.PublicKey);
            learnt.Dispose();
        }
    }

    [Fact]
    public async Task A_taproot_key_spend_signed_by_a_group_is_built_finalised_and_checked_by_scure()
    {
        await using var scure = await ScureMember.StartAsync(fixture.Stack.Gateway);
        await using var wallet = await NodeScript.StartAsync("taproot.mjs");
        var group = await FormAsync(scure, PlannedParticipant.Own());
        var internalKey = await scure.OutputAsync(TweakChain.Empty);
        var payment = await wallet.AskAsync("address", new JsonObject { ["internalKey"] = internalKey });
        Assert.Equal((group.Address(BitcoinNetwork.Mainnet), group.OutputKey.ToString()), (payment["address"]!.GetValue<string>(), payment["output"]!.GetValue<string>()));

        var message = await wallet.AskAsync("sighash", "message", new JsonObject { ["internalKey"] = internalKey });
        var signature = (await SignAsync(scure, group, [SigningContent.FromHash(Convert.FromHexString(message))]))[0];
        var spent = await wallet.AskAsync("finalise", new JsonObject { ["internalKey"] = internalKey, ["signature"] = signature.ToString() });
        Assert.True(spent["valid"]!.GetValue<bool>());
        // And it would have noticed another signature.
        var other = (await SignAsync(scure, group, [SigningContent.FromHash(new byte[32])]))[0];
        Assert.False((await wallet.AskAsync("finalise", new JsonObject { ["internalKey"] = internalKey, ["signature"] = other.ToString() }))["valid"]!.GetValue<bool>());
    }

    [Fact]
    public async Task Schnorr_signatures_of_ours_and_of_nobles_verify_on_both_sides()
    {
        await using var noble = await NodeScript.StartAsync("signatures.mjs");
        var theirs = XOnlyPublicKey.Parse(Convert.FromHexString(await noble.AskAsync("keys", "xonly")));
        using var ours = SecretKey.Generate();
        for (var i = 0; i < 20; i++)
        {
            var message = Hash32.Sha256([(byte)i]);
            var given = SchnorrSignature.Parse(Convert.FromHexString(await noble.AskAsync("signSchnorr", "signature", new JsonObject { ["message"] = message.ToString() })));
            Assert.True(theirs.Verify(message.Bytes, given));
            var made = ours.SignSchnorr(message.Bytes);
            Assert.True(await VerifiesAsync(noble, ours, message, made));
            Assert.False(await VerifiesAsync(noble, ours, Hash32.Sha256([(byte)i, 0]), made));
        }
    }

    [Fact]
    public async Task Ecdsa_signatures_of_ours_and_of_nobles_verify_on_both_sides_and_are_equal_for_one_key()
    {
        await using var noble = await NodeScript.StartAsync("signatures.mjs");
        var theirs = PublicKey.Parse(Convert.FromHexString(await noble.AskAsync("keys", "compressed")));
        using var ours = SecretKey.Generate();
        using var exported = ours.Export();
        for (var i = 0; i < 20; i++)
        {
            var message = Hash32.Sha256([(byte)i]);
            var given = EcdsaSignature.Parse(Convert.FromHexString(await noble.AskAsync("signEcdsa", "signature", new JsonObject { ["message"] = message.ToString() })));
            Assert.True(theirs.VerifyEcdsa(message.Bytes, given));
            var made = Convert.ToHexStringLower(ours.SignEcdsa(message.Bytes).Bytes);
            var asked = new JsonObject { ["key"] = Convert.ToHexStringLower(ours.PublicKey.Bytes), ["message"] = message.ToString(), ["signature"] = made };
            Assert.True((await noble.AskAsync("verifyEcdsa", asked))["valid"]!.GetValue<bool>());
            // RFC 6979 and low s: nothing is left to choose.
            var same = new JsonObject { ["secret"] = Convert.ToHexStringLower(exported.Span), ["message"] = message.ToString() };
            Assert.Equal(await noble.AskAsync("signEcdsaWith", "signature", same), made);
        }
    }

    private static async Task<bool> VerifiesAsync(NodeScript noble, SecretKey key, Hash32 message, SchnorrSignature signature)
    {
        var asked = new JsonObject { ["key"] = key.XOnlyPublicKey.ToString(), ["message"] = message.ToString(), ["signature"] = signature.ToString() };
        return (await noble.AskAsync("verifySchnorr", asked))["valid"]!.GetValue<bool>();
    }

    private async Task<Group> FormAsync(ScureMember scure, PlannedParticipant own)
    {
        var plan = new GroupPlan { Label = "interop", Participants = [own, PlannedParticipant.Invited("scure") with { AtHome = true }], Unattended = true };
        using var created = await _alice.Client.Groups.CreateAsync(plan, Cancel);
        using var key = MemberKey.Generate();
        await _alice.Client.Groups.JoinAsync(created.Id, key, Silent, Cancel);
        await scure.JoinAsync(created.Invitations[0].Invitation);
        var group = await _alice.Client.Groups.WaitUntilFormedAsync(created.Id, Patience, Cancel);
        await scure.WaitUntilFormedAsync();
        Assert.Equal(group.RosterHash, scure.Roster.RosterHash);
        return group;
    }

    // Requested by Alice, whose co-signer takes part where her key is at home too; every signature is checked by both sides.
    private async Task<IReadOnlyList<SchnorrSignature>> SignAsync(ScureMember scure, Group group, IReadOnlyList<SigningContent> contents)
    {
        var (request, outcome) = await RunAsync(scure, group, contents);
        for (var item = 0; item < contents.Count; item++)
        {
            Assert.True(await scure.VerifiesAsync(request, item, outcome.Signatures[item]));
        }
        return outcome.Signatures;
    }

    private async Task<(VerifiedRequest Request, SigningOutcome Outcome)> RunAsync(ScureMember scure, Group group, IReadOnlyList<SigningContent> contents)
    {
        var prepared = await _alice.Client.Signings.PrepareAsync(group, contents, new RequestOptions { AllowRawTweaks = true }, Cancel);
        await _alice.Client.Signings.SubmitAsync(prepared, TimeSpan.Zero, Cancel);
        using var cosigner = _alice.Client.CreateCoSigner();
        var own = group.Members[0].Enclave is null ? cosigner.SignAsync(prepared.Reference, Cancel) : Task.CompletedTask;
        Assert.Equal("completed", await scure.SignAsync(prepared.Reference).WaitAsync(Patience, Cancel));
        await own.WaitAsync(Patience, Cancel);
        return (prepared.Request, await _alice.Client.Signings.WaitAsync(prepared.Reference, Patience, Cancel));
    }
}
