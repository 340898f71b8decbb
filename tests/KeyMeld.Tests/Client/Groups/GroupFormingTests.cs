using KeyMeld.Client;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Invitations;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Client.Support;

namespace KeyMeld.Tests.Client.Groups;

public sealed class GroupFormingTests : IDisposable
{
    private readonly ClientWorld _world = new();

    private static CancellationToken Cancel => ClientWorld.Cancel;

    public void Dispose() => _world.Dispose();

    [Fact]
    public async Task Two_people_form_a_group_and_see_the_same_keys()
    {
        var (alice, bob) = await _world.FormAsync();
        Assert.Equal(alice.RosterHash, bob.RosterHash);
        Assert.Equal(40, alice.Fingerprint.Length);
        Assert.Equal(alice.Fingerprint, alice.RosterHash.ToString()[..40]);
        Assert.True(bob.MatchesRoster(alice.RosterHash));
        Assert.Equal(alice.OutputKey, bob.OutputKey);
        Assert.Equal((0, 1), (alice.MyIndex, bob.MyIndex));
        Assert.Equal((true, false), (alice.IsCreator, bob.IsCreator));
        Assert.Equal("two of two", bob.Label);
        Assert.Equal(2, bob.Threshold);
        Assert.Equal([0, 1], bob.Enclaves.Select(enclave => enclave.Number));
        Assert.Equal([0, 1], bob.Members.Select(member => member.Enclave!.Value));
        // BIP-86 over the sorted keys, computed here once more.
        var aggregate = KeyAggregation.Aggregate(KeyAggregation.Sort([.. bob.Members.Select(member => member.MemberKey)]));
        var tweak = TaggedHash.Compute("TapTweak", aggregate.OutputKey.Bytes);
        Assert.Equal(aggregate.WithXOnlyTweak(tweak).OutputKey, bob.OutputKey);
        Assert.StartsWith("tb1p", bob.Address(BitcoinNetwork.Signet), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_loaded_group_is_the_verified_one_and_needs_no_call()
    {
        var (alice, _) = await _world.FormAsync();
        var calls = _world.Gateway.Calls.Count;
        var loaded = _world.Alice.Groups.Load(alice.Id);
        Assert.Equal(calls, _world.Gateway.Calls.Count);
        Assert.Equal((alice.RosterHash, alice.OutputKey), (loaded.RosterHash, loaded.OutputKey));
        var summary = Assert.Single(_world.Alice.Groups.List());
        Assert.Equal((alice.Id, "two of two", true, alice.OutputKey), (summary.Id, summary.Label, summary.IsVerified, summary.OutputKey));
        Assert.Equal(alice.Id, _world.Alice.Groups.Find("two of two").Id);
        Assert.Equal(alice.Id, _world.Alice.Groups.Find(alice.Id.ToString()[..10]).Id);
        Refused.With(ErrorCodes.NotFound, () => { _world.Alice.Groups.Find("another"); });
    }

    [Fact]
    public async Task A_creator_without_a_place_sees_the_same_group()
    {
        using var created = await _world.Alice.Groups.CreateAsync(
            new GroupPlan { Participants = [PlannedParticipant.Invited("bob"), PlannedParticipant.Invited("carol")], CreatorRequests = true }, Cancel);
        Assert.Equal(2, created.Invitations.Count);
        await ClientWorld.AcceptAsync(_world.Bob, created.Invitations[0].Invitation);
        var carol = _world.Person("carol");
        await ClientWorld.AcceptAsync(carol, created.Invitations[1].Invitation);
        var seen = await _world.Alice.Groups.WaitUntilFormedAsync(created.Id, cancellationToken: Cancel);
        var hers = await carol.Groups.WaitUntilFormedAsync(created.Id, cancellationToken: Cancel);
        Assert.Equal(seen.RosterHash, hers.RosterHash);
        Assert.Null(seen.MyIndex);
        Assert.True(seen.IsCreator);
        Assert.Equal(1, hers.MyIndex);
    }

    [Fact]
    public async Task A_member_joins_with_its_own_admission_key_and_its_own_imported_key()
    {
        var admission = _world.Bob.Profile.CreateAdmissionKey();
        _world.Bob.Profile.CreateAdmissionKey();
        var plan = ClientWorld.TwoOfTwo with { Participants = [PlannedParticipant.Own(), PlannedParticipant.Known(admission)] };
        var (group, invitation) = await _world.CreateAsync(plan);
        Assert.Null(invitation.Admission);
        var carol = _world.Person("carol");
        await Refused.WithAsync(ErrorCodes.NotFound, () => carol.Groups.InspectAsync(invitation, Cancel));
        using var mine = SecretKey.Generate();
        using (var secret = mine.Export())
        using (var key = MemberKey.Import(secret.Span))
        {
            using var offer = await _world.Bob.Groups.InspectAsync(invitation, Cancel);
            await _world.Bob.Groups.JoinAsync(offer, key, null, Cancel);
        }
        var formed = await _world.Bob.Groups.WaitUntilFormedAsync(group, cancellationToken: Cancel);
        Assert.Equal(mine.PublicKey, formed.Members[1].MemberKey);
        // An imported key is its owner's to keep; the used admission key is gone, the other stays.
        Assert.DoesNotContain(_world.Bob.Profile.SecretsNamed(""), name => name.Contains("/member", StringComparison.Ordinal));
        Assert.Single(_world.Bob.Profile.SecretsNamed(SecretNames.OwnAdmissions));
    }

    [Fact]
    public async Task A_generated_member_key_is_kept_and_admission_secrets_are_forgotten_once_formed()
    {
        var (group, _) = await _world.CreateAsync();
        Assert.Contains(_world.Alice.Profile.SecretsNamed(""), name => name.Contains("/invited/", StringComparison.Ordinal));
        using (var again = _world.Alice.Groups.Invitations(group))
        {
            await ClientWorld.AcceptAsync(_world.Bob, Assert.Single(again.Invitations).Invitation);
        }
        var formed = await _world.Alice.Groups.WaitUntilFormedAsync(group, cancellationToken: Cancel);
        var names = _world.Alice.Profile.SecretsNamed("");
        Assert.DoesNotContain(names, SecretNames.IsAdmission);
        using var member = _world.Alice.Profile.FindKey(SecretNames.Member(group, formed.Members[0].MemberKey));
        Assert.Equal(formed.Members[0].MemberKey, member!.PublicKey);
        Refused.With(ErrorCodes.AlreadyFormed, () => _world.Alice.Groups.Invitations(group));
    }

    [Fact]
    public async Task Users_and_keys_are_fresh_for_each_group()
    {
        var (one, _) = await _world.FormAsync();
        var (two, _) = await _world.FormAsync();
        Assert.Empty(one.Members.Select(member => member.User).Intersect(two.Members.Select(member => member.User)));
        Assert.Empty(one.Members.Select(member => member.AuthorisationKey).Intersect(two.Members.Select(member => member.AuthorisationKey)));
        Assert.NotEqual(one.Manifest.Creator, two.Manifest.Creator);
        Assert.Empty(one.Manifest.Participants.Select(place => place.Admission).Intersect(two.Manifest.Participants.Select(place => place.Admission)));
    }

    [Fact]
    public async Task Subsets_and_script_trees_have_the_keys_their_tweaks_give()
    {
        var tree = new ScriptTree.Leaf(0xc0, new byte[] { 0x51 });
        var plan = new GroupPlan
        {
            Participants = [PlannedParticipant.Own(), PlannedParticipant.Invited(), PlannedParticipant.Invited()],
            Tweaks = new TweakChain([new Tweak.Taproot(tree)]),
            Subsets = [new PlannedSubset([2, 0]), new PlannedSubset([0, 1]) { Tweaks = TweakChain.Empty }],
        };
        using var created = await _world.Alice.Groups.CreateAsync(plan, Cancel);
        using var key = MemberKey.Generate();
        await _world.Alice.Groups.JoinAsync(created.Id, key, null, Cancel);
        await ClientWorld.AcceptAsync(_world.Bob, created.Invitations[0].Invitation);
        await ClientWorld.AcceptAsync(_world.Person("carol"), created.Invitations[1].Invitation);
        var group = await _world.Bob.Groups.WaitUntilFormedAsync(created.Id, cancellationToken: Cancel);
        Assert.Equal([[0, 2], [0, 1]], group.Subsets.Select(subset => subset.Members));
        var bare = KeyAggregation.Aggregate(KeyAggregation.Sort([group.Members[0].MemberKey, group.Members[1].MemberKey]));
        Assert.Equal(bare.OutputKey, group.OutputKeyOf(group.Subsets[1].Id));
        Assert.Equal(3, group.Subsets.Select(subset => subset.OutputKey).Append(group.OutputKey).Distinct().Count());
        Assert.Equal(TaprootAddress.Encode(bare.OutputKey, BitcoinNetwork.Regtest), group.Address(BitcoinNetwork.Regtest, group.Subsets[1].Id));
        Assert.Throws<ArgumentException>(() => group.OutputKeyOf(Id16.Random()));
    }

    [Fact]
    public async Task A_lost_answer_is_followed_by_the_same_registration()
    {
        var (group, invitation) = await _world.CreateAsync();
        _world.Gateway.Intercept = call => call.Target.EndsWith("/participants", StringComparison.Ordinal) ? throw new HttpRequestException("connection lost") : null;
        using var offer = await _world.Bob.Groups.InspectAsync(invitation, Cancel);
        using var key = MemberKey.Generate();
        await Refused.WithAsync(ErrorCodes.GatewayUnreachable, () => _world.Bob.Groups.JoinAsync(offer, key, null, Cancel));
        _world.Gateway.BeHonest();
        using var other = MemberKey.Generate();
        await Refused.WithAsync(ErrorCodes.Conflict, () => _world.Bob.Groups.JoinAsync(offer, other, null, Cancel));
        await _world.Bob.Groups.ResumeJoinAsync(group, Cancel);
        await _world.Bob.Groups.ResumeJoinAsync(group, Cancel);
        var posts = _world.Gateway.Posts.Where(call => call.Target.EndsWith("/participants", StringComparison.Ordinal)).Select(call => Convert.ToHexString(call.Body)).ToList();
        Assert.Equal(4, posts.Count);
        Assert.Single(posts.Skip(1).Distinct());
        Assert.Equal(key.Secret.PublicKey, (await _world.Bob.Groups.WaitUntilFormedAsync(group, cancellationToken: Cancel)).Members[1].MemberKey);
    }

    [Fact]
    public async Task A_lost_answer_to_creating_is_followed_by_the_same_group()
    {
        _world.Gateway.Intercept = call => call.Target == "/api/v1/keygen" ? throw new HttpRequestException("connection lost") : null;
        await Refused.WithAsync(ErrorCodes.GatewayUnreachable, () => _world.Alice.Groups.CreateAsync(ClientWorld.TwoOfTwo, Cancel));
        _world.Gateway.BeHonest();
        var known = Assert.Single(_world.Alice.Groups.List());
        await _world.Alice.Groups.ResumeCreateAsync(known.Id, Cancel);
        using var invitations = _world.Alice.Groups.Invitations(known.Id);
        await ClientWorld.AcceptAsync(_world.Bob, invitations.Invitations[0].Invitation);
        Assert.Equal(1, (await _world.Alice.Groups.StatusAsync(known.Id, Cancel)).Joined);
    }

    [Fact]
    public async Task A_refused_group_leaves_nothing_behind()
    {
        _world.Gateway.Intercept = call => call.Target == "/api/v1/keygen" ? FakeGateway.Problem(ErrorCodes.SessionSecretUnreadable) : null;
        await Refused.WithAsync(ErrorCodes.SessionSecretUnreadable, () => _world.Alice.Groups.CreateAsync(ClientWorld.TwoOfTwo, Cancel));
        Assert.Empty(_world.Alice.Groups.List());
        Assert.Empty(_world.Alice.Profile.SecretsNamed(""));
    }

    [Fact]
    public async Task A_refused_registration_can_be_made_again_with_another_key()
    {
        var (group, invitation) = await _world.CreateAsync();
        using var offer = await _world.Bob.Groups.InspectAsync(invitation, Cancel);
        var aliceKey = _world.Gateway.Groups[group].Members[0]!;
        using (var secret = aliceKey.Export())
        using (var same = MemberKey.Import(secret.Span))
        {
            await Refused.WithAsync(ErrorCodes.KeyReused, () => _world.Bob.Groups.JoinAsync(offer, same, null, Cancel));
        }
        using var key = MemberKey.Generate();
        Assert.Equal(GroupState.Formed, (await _world.Bob.Groups.JoinAsync(offer, key, null, Cancel)).State);
    }

    [Fact]
    public async Task Waiting_ends_at_its_timeout_and_sees_the_group_form_before()
    {
        var (group, invitation) = await _world.CreateAsync();
        var error = await Refused.WithAsync(ErrorCodes.StillPending, () => _world.Alice.Groups.WaitUntilFormedAsync(group, TimeSpan.FromSeconds(70), Cancel));
        Assert.Equal(3, _world.Gateway.Calls.Count(call => call.Prefer is not null));
        Assert.NotNull(error);
        await ClientWorld.AcceptAsync(_world.Person("bob"), invitation);
        Assert.NotNull(await _world.Alice.Groups.WaitUntilFormedAsync(group, TimeSpan.Zero, Cancel));
    }

    [Fact]
    public async Task Waiting_survives_a_gateway_that_is_away_for_a_moment_and_not_one_that_stays_away()
    {
        var (group, invitation) = await _world.CreateAsync();
        await ClientWorld.AcceptAsync(_world.Bob, invitation);
        var failures = 3;
        _world.Gateway.Intercept = call =>
        {
            if (call.Method != "GET" || failures-- <= 0)
            {
                return null;
            }
            _world.Clock.Advance(TimeSpan.FromSeconds(1));
            return FakeGateway.Problem(ErrorCodes.Unavailable);
        };
        Assert.NotNull(await _world.Alice.Groups.WaitUntilFormedAsync(group, cancellationToken: Cancel));
        failures = 1000;
        await Refused.WithAsync(ErrorCodes.Unavailable, () => _world.Bob.Groups.WaitUntilFormedAsync(group, cancellationToken: Cancel));
    }

    [Fact]
    public async Task The_creator_erases_a_group_that_is_not_formed_and_a_member_its_key_afterwards()
    {
        var (group, invitation) = await _world.CreateAsync();
        await _world.Alice.Groups.EraseAsync(group, Cancel);
        Assert.Equal(GroupState.Erased, (await _world.Alice.Groups.StatusAsync(group, Cancel)).State);
        await Refused.WithAsync(ErrorCodes.Erased, () => _world.Bob.Groups.InspectAsync(invitation, Cancel));
        await Refused.WithAsync(ErrorCodes.Erased, () => _world.Alice.Groups.WaitUntilFormedAsync(group, cancellationToken: Cancel));
        var (formed, _) = await _world.FormAsync();
        await Refused.WithAsync(ErrorCodes.AlreadyFormed, () => _world.Alice.Groups.EraseAsync(formed.Id, Cancel));
        await _world.Bob.Groups.EraseOwnKeyAsync(formed.Id, Cancel);
        await Refused.WithAsync(ErrorCodes.NotFound, () => _world.Bob.Groups.EraseAsync(formed.Id, Cancel));
    }

    [Fact]
    public async Task An_invitation_survives_being_written_out_and_read()
    {
        var (_, invitation) = await _world.CreateAsync();
        using var read = Invitation.Parse(" " + invitation.Reveal() + "\n");
        Assert.Equal(GroupState.Formed, (await ClientWorld.AcceptAsync(_world.Bob, read)).State);
    }

    [Fact]
    public async Task Any_damaged_character_of_an_invitation_is_noticed_before_anything_is_posted()
    {
        var (_, invitation) = await _world.CreateAsync();
        var text = invitation.Reveal();
        var posts = _world.Gateway.Posts.Count();
        for (var i = 0; i < text.Length; i += 5)
        {
            var damaged = text[..i] + (text[i] == 'A' ? 'B' : 'A') + text[(i + 1)..];
            await Assert.ThrowsAnyAsync<KeyMeldException>(async () =>
            {
                using var read = Invitation.Parse(damaged);
                using var offer = await _world.Bob.Groups.InspectAsync(read, Cancel);
            });
            Refused.With(ErrorCodes.InvitationInvalid, () => Invitation.Parse(text.AsSpan(0, i)));
        }
        Assert.Equal(posts, _world.Gateway.Posts.Count());
        Assert.Empty(_world.Bob.Groups.List());
    }

    [Theory]
    [InlineData("threshold above", 3, false)]
    [InlineData("threshold zero", 0, false)]
    [InlineData("unattended with threshold", 1, true)]
    public async Task A_plan_that_contradicts_itself_is_refused_before_any_call(string _, int threshold, bool unattended)
    {
        var plan = ClientWorld.TwoOfTwo with { Threshold = threshold, Unattended = unattended };
        await Assert.ThrowsAsync<KeyMeldException>(() => _world.Alice.Groups.CreateAsync(plan, Cancel));
        Assert.Empty(_world.Gateway.Posts);
        Assert.Empty(_world.Alice.Groups.List());
    }

    [Fact]
    public async Task Plans_with_wrong_places_are_refused()
    {
        GroupPlan[] plans =
        [
            ClientWorld.TwoOfTwo with { Participants = [] },
            ClientWorld.TwoOfTwo with { Participants = [PlannedParticipant.Own(), PlannedParticipant.Own()] },
            ClientWorld.TwoOfTwo with { Subsets = [new PlannedSubset([0])] },
            ClientWorld.TwoOfTwo with { Subsets = [new PlannedSubset([0, 0])] },
            ClientWorld.TwoOfTwo with { Subsets = [new PlannedSubset([0, 2])] },
            ClientWorld.TwoOfTwo with { Approvers = [0, 2] },
            ClientWorld.TwoOfTwo with { Enclaves = [0, 0] },
            ClientWorld.TwoOfTwo with { Enclaves = [0], Participants = [PlannedParticipant.Own() with { Enclave = 1 }] },
            ClientWorld.TwoOfTwo with { Label = "line\nbreak" },
        ];
        foreach (var plan in plans)
        {
            await Refused.WithAsync(ErrorCodes.ManifestInvalid, () => _world.Alice.Groups.CreateAsync(plan, Cancel));
        }
        Assert.Empty(_world.Gateway.Calls);
    }

    [Fact]
    public async Task Places_are_hosted_in_turn_or_where_the_plan_says()
    {
        var three = new GroupPlan { Participants = [PlannedParticipant.Own(), PlannedParticipant.Invited(), PlannedParticipant.Invited() with { Enclave = 1 }] };
        using var created = await _world.Alice.Groups.CreateAsync(three, Cancel);
        Assert.Equal([0, 1, 1], _world.Gateway.Groups[created.Id].Manifest.Value.Participants.Select(place => place.Enclave!.Value));
        using var single = await _world.Alice.Groups.CreateAsync(ClientWorld.TwoOfTwo with { Enclaves = [1] }, Cancel);
        Assert.Equal([1], _world.Gateway.Groups[single.Id].Manifest.Value.Enclaves.Select(enclave => enclave.Id));
        Assert.All(_world.Gateway.Groups[single.Id].Manifest.Value.Participants, place => Assert.Equal(0, place.Enclave));
    }
}
