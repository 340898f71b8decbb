using KeyMeld.Client;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Groups;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Client.Support;

namespace KeyMeld.Tests.Client.Groups;

public sealed class HostileGroupTests : IDisposable
{
    private readonly ClientWorld _world = new();

    private static CancellationToken Cancel => ClientWorld.Cancel;

    public void Dispose() => _world.Dispose();

    public static TheoryData<string> ManifestChanges => [.. Changes.Keys];

    private static Dictionary<string, Func<Manifest, Manifest>> Changes { get; } = new()
    {
        ["participants swapped"] = manifest => manifest with { Participants = [.. manifest.Participants.Reverse()] },
        ["a participant added"] = manifest => manifest with { Participants = [.. manifest.Participants, Stranger()] },
        ["a participant replaced"] = manifest => manifest with { Participants = [Stranger(), manifest.Participants[1]] },
        ["a participant dropped"] = manifest => manifest with { Participants = [manifest.Participants[1]], Approvals = new ApprovalPolicy([0], 1), Subsets = [] },
        ["the enclaves swapped"] = manifest => manifest with { Enclaves = [.. manifest.Enclaves.Reverse()] },
        ["an enclave dropped"] = manifest => manifest with { Enclaves = [manifest.Enclaves[0]], Participants = [.. manifest.Participants.Select(place => place with { Enclave = 0 })] },
        ["a subset added"] = manifest => manifest with { Subsets = [new Subset(Id16.Random(), [0, 1])] },
        ["a lower threshold"] = manifest => manifest with { Approvals = manifest.Approvals with { Threshold = 1 } },
        ["unattended"] = manifest => manifest with { Approvals = manifest.Approvals with { Threshold = 0 }, Unattended = true },
        ["other terms"] = manifest => manifest with { Terms = Hash32.Sha256("other"u8) },
        ["creator may request"] = manifest => manifest with { CreatorRequests = true },
        ["no end of joining"] = manifest => manifest with { JoinBy = null, Created = manifest.Created + 1 },
    };

    [Theory]
    [MemberData(nameof(ManifestChanges))]
    public async Task G04_a_changed_manifest_is_refused_by_whoever_joins(string change)
    {
        var (group, invitation) = await _world.CreateAsync();
        var posts = _world.Gateway.Posts.Count();
        var genuine = _world.Gateway.Groups[group].Manifest;
        var changed = Changes[change](genuine.Value).Encode();
        Assert.NotEqual(genuine.Bytes.ToArray(), changed);
        // As the gateway can make it: the creator's old signature, or a creator key of the gateway's own.
        using var rogue = SecretKey.Generate();
        var resigned = StatementSigner.Sign(Manifest.Parse(changed) with { Creator = rogue.XOnlyPublicKey }, rogue);
        foreach (var forged in (SignedJson[])[new SignedJson(changed, genuine.Signatures), SignedJson.Of(resigned.Statement)])
        {
            _world.Gateway.Tamper<KeygenJson>(answer => answer with { Manifest = forged });
            await Refused.WithAsync(ErrorCodes.ManifestInvalid, () => _world.Bob.Groups.InspectAsync(invitation, Cancel));
        }
        Assert.Equal(posts, _world.Gateway.Posts.Count());
        Assert.Empty(_world.Bob.Groups.List());
        _world.Gateway.BeHonest();
        Assert.Equal(GroupState.Formed, (await ClientWorld.AcceptAsync(_world.Bob, invitation)).State);
    }

    [Fact]
    public async Task G04_a_different_manifest_of_the_same_creator_is_not_the_one_invited_to()
    {
        var (_, invitation) = await _world.CreateAsync();
        var (other, _) = await _world.CreateAsync(ClientWorld.TwoOfTwo with { Label = "another" });
        var shown = _world.Gateway.Groups[other];
        _world.Gateway.Tamper<KeygenJson>(answer => answer with { Manifest = SignedJson.Of(shown.Manifest.Statement), Terms = shown.Terms });
        await Refused.WithAsync(ErrorCodes.ManifestInvalid, () => _world.Bob.Groups.InspectAsync(invitation, Cancel));
        _world.Gateway.Tamper<KeygenJson>(answer => answer with { Group = other });
        await Refused.WithAsync(ErrorCodes.GatewayResponseInvalid, () => _world.Bob.Groups.InspectAsync(invitation, Cancel));
    }

    [Fact]
    public async Task P10_terms_that_are_not_those_the_manifest_commits_to_are_refused()
    {
        var (group, invitation) = await _world.CreateAsync();
        var honest = _world.Gateway.Groups[group];
        var hidden = new Terms { Label = "two of two", Tweaks = new TweakChain([new Tweak.XOnly(Hash32.Sha256("hidden"u8))]), Subsets = new Dictionary<Id16, TweakChain>() };
        foreach (var terms in (byte[][])[TermsEnvelope.Seal(honest.Session, group, hidden.Encode()), honest.Terms[..^1], []])
        {
            _world.Gateway.Tamper<KeygenJson>(answer => answer with { Terms = terms });
            await Refused.WithAsync(ErrorCodes.TermsMismatch, () => _world.Bob.Groups.InspectAsync(invitation, Cancel));
        }
    }

    [Fact]
    public async Task P10_raw_tweaks_are_made_and_joined_only_by_explicit_choice()
    {
        var raw = ClientWorld.TwoOfTwo with { Tweaks = new TweakChain([new Tweak.XOnly(Hash32.Sha256("script"u8))]) };
        await Refused.WithAsync(ErrorCodes.Unsupported, () => _world.Alice.Groups.CreateAsync(raw, Cancel));
        var accept = new JoinOptions { AcceptRawTweaks = true };
        var (_, invitation) = await _world.CreateAsync(raw with { AllowRawTweaks = true }, accept);
        using var offer = await _world.Bob.Groups.InspectAsync(invitation, Cancel);
        Assert.True(offer.HasRawTweaks);
        using var key = MemberKey.Generate();
        await Refused.WithAsync(ErrorCodes.Unsupported, () => _world.Bob.Groups.JoinAsync(offer, key, null, Cancel));
        await _world.Bob.Groups.JoinAsync(offer, key, accept, Cancel);
    }

    [Fact]
    public async Task P10_a_raw_tweak_in_a_subset_counts_as_well()
    {
        var plan = ClientWorld.TwoOfTwo with { Subsets = [new PlannedSubset([0, 1]) { Tweaks = new TweakChain([new Tweak.Plain(Hash32.Sha256("x"u8))]) }] };
        await Refused.WithAsync(ErrorCodes.Unsupported, () => _world.Alice.Groups.CreateAsync(plan, Cancel));
        var (_, invitation) = await _world.CreateAsync(plan with { AllowRawTweaks = true }, new JoinOptions { AcceptRawTweaks = true });
        await Refused.WithAsync(ErrorCodes.Unsupported, () => ClientWorld.AcceptAsync(_world.Bob, invitation));
    }

    [Fact]
    public async Task An_unattended_group_is_joined_only_by_explicit_choice()
    {
        var accept = new JoinOptions { AcceptUnattended = true };
        var (_, invitation) = await _world.CreateAsync(ClientWorld.TwoOfTwo with { Unattended = true }, accept);
        await Refused.WithAsync(ErrorCodes.Unsupported, () => ClientWorld.AcceptAsync(_world.Bob, invitation));
        await ClientWorld.AcceptAsync(_world.Bob, invitation, accept);
    }

    [Fact]
    public async Task P07_nobody_joins_after_join_by()
    {
        var (_, invitation) = await _world.CreateAsync(ClientWorld.TwoOfTwo with { JoinBy = _world.Clock.GetUtcNow().AddHours(1) });
        using var offer = await _world.Bob.Groups.InspectAsync(invitation, Cancel);
        _world.Clock.Advance(TimeSpan.FromHours(2));
        using var key = MemberKey.Generate();
        var posts = _world.Gateway.Posts.Count();
        await Refused.WithAsync(ErrorCodes.JoinClosed, () => _world.Bob.Groups.JoinAsync(offer, key, null, Cancel));
        Assert.Equal(posts, _world.Gateway.Posts.Count());
    }

    [Fact]
    public async Task P02_a_taken_place_is_an_alarm()
    {
        var (_, invitation) = await _world.CreateAsync();
        using var offer = await _world.Bob.Groups.InspectAsync(invitation, Cancel);
        await ClientWorld.AcceptAsync(_world.Person("mallory"), invitation);
        using var key = MemberKey.Generate();
        var error = await Refused.WithAsync(ErrorCodes.SlotTaken, () => _world.Bob.Groups.JoinAsync(offer, key, null, Cancel));
        Assert.StartsWith("SECURITY", error.Message, StringComparison.Ordinal);
        error = await Refused.WithAsync(ErrorCodes.SlotTaken, () => _world.Person("carol").Groups.InspectAsync(invitation, Cancel));
        Assert.StartsWith("SECURITY", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task P02_a_formed_group_with_somebody_else_in_the_own_place_is_an_alarm()
    {
        var (group, invitation) = await _world.CreateAsync();
        // The gateway says yes to Bob and lets Mallory, who saw the invitation, in.
        _world.Gateway.Intercept = call => call.Target.EndsWith("/participants", StringComparison.Ordinal) ? FakeGateway.Json("{\"state\":\"joining\"}"u8.ToArray(), 201) : null;
        await ClientWorld.AcceptAsync(_world.Bob, invitation);
        _world.Gateway.BeHonest();
        await ClientWorld.AcceptAsync(_world.Person("mallory"), invitation);
        await Refused.WithAsync(ErrorCodes.SlotTaken, () => _world.Bob.Groups.WaitUntilFormedAsync(group, cancellationToken: Cancel));
        Refused.With(ErrorCodes.GroupNotFormed, () => { _world.Bob.Groups.Load(group); });
    }

    [Fact]
    public async Task G18_receipts_for_another_roster_or_other_keys_are_refused()
    {
        var (group, invitation) = await _world.CreateAsync();
        await ClientWorld.AcceptAsync(_world.Bob, invitation);
        var shown = _world.Gateway.Groups[group];
        var statement = _world.Gateway.Host(shown.Manifest.Value.Enclaves[0]).Statement;
        var otherRoster = statement.SignSchnorr(Receipt.Digest(Hash32.Sha256("other"u8), 0, shown.Roster!.OutputKeysHash).Bytes);
        var otherKeys = statement.SignSchnorr(Receipt.Digest(shown.Roster.RosterHash, 0, Hash32.Sha256("other"u8)).Bytes);
        using var rogue = SecretKey.Generate();
        Func<IReadOnlyList<ReceiptJson>, IReadOnlyList<ReceiptJson>>[] forgeries =
        [
            receipts => [receipts[0] with { Signature = otherRoster }, receipts[1]],
            receipts => [receipts[0] with { Signature = otherKeys }, receipts[1]],
            receipts => [receipts[0] with { Signature = rogue.SignSchnorr(Receipt.Digest(shown.Roster.RosterHash, 0, shown.Roster.OutputKeysHash).Bytes) }, receipts[1]],
            receipts => [receipts[0]],
            receipts => [receipts[0], receipts[0]],
            receipts => [receipts[0] with { Enclave = 1 }, receipts[1] with { Enclave = 0 }],
            _ => [],
        ];
        foreach (var forgery in forgeries)
        {
            _world.Gateway.Tamper<KeygenJson>(answer => answer with { Receipts = forgery(answer.Receipts) });
            await Refused.WithAsync(ErrorCodes.ReceiptInvalid, () => _world.Bob.Groups.WaitUntilFormedAsync(group, cancellationToken: Cancel));
        }
        _world.Gateway.BeHonest();
        Assert.NotNull(await _world.Bob.Groups.WaitUntilFormedAsync(group, cancellationToken: Cancel));
    }

    [Fact]
    public async Task G18_another_roster_of_the_same_manifest_is_refused_once_one_is_recorded()
    {
        var (group, invitation) = await _world.CreateAsync();
        await ClientWorld.AcceptAsync(_world.Bob, invitation);
        var bob = await _world.Bob.Groups.WaitUntilFormedAsync(group, cancellationToken: Cancel);
        // The gateway, with the enclaves' honest help, forms a second roster: Alice's place taken by whoever has her admission key.
        var shown = _world.Gateway.Groups[group];
        using var admission = _world.Alice.Profile.FindKey(SecretNames.Admission(group))!;
        shown.Registrations[0] = Reregister(shown, admission);
        _world.Gateway.Form(shown);
        Assert.NotEqual(bob.RosterHash, shown.Roster!.RosterHash);
        await Refused.WithAsync(ErrorCodes.RosterMismatch, () => _world.Bob.Groups.VerifyAsync(group, Cancel));
        await Refused.WithAsync(ErrorCodes.RosterMismatch, () => _world.Bob.Groups.WaitUntilFormedAsync(group, cancellationToken: Cancel));
        // Alice finds a stranger in her place, and the record of Bob is what it was.
        await Refused.WithAsync(ErrorCodes.SlotTaken, () => _world.Alice.Groups.WaitUntilFormedAsync(group, cancellationToken: Cancel));
        Assert.Equal(bob.RosterHash, _world.Bob.Groups.Load(group).RosterHash);
    }

    [Fact]
    public async Task G18_rosters_with_registrations_exchanged_or_missing_are_refused()
    {
        var (group, invitation) = await _world.CreateAsync();
        await ClientWorld.AcceptAsync(_world.Bob, invitation);
        _world.Gateway.Tamper<KeygenJson>(answer => answer with { Registrations = [.. answer.Registrations.Reverse()] });
        await Refused.WithAsync(ErrorCodes.SlotTaken, () => _world.Bob.Groups.WaitUntilFormedAsync(group, cancellationToken: Cancel));
        _world.Gateway.Tamper<KeygenJson>(answer => answer with { Registrations = [null, answer.Registrations[1]] });
        await Refused.WithAsync(ErrorCodes.GatewayResponseInvalid, () => _world.Bob.Groups.WaitUntilFormedAsync(group, cancellationToken: Cancel));
        _world.Gateway.Tamper<KeygenJson>(answer => answer with { Registrations = [answer.Registrations[1], answer.Registrations[1]] });
        await Refused.WithAsync(ErrorCodes.RegistrationInvalid, () => _world.Bob.Groups.WaitUntilFormedAsync(group, cancellationToken: Cancel));
    }

    [Fact]
    public async Task G11_a_wrong_aggregate_key_in_the_record_is_noticed_when_the_group_is_loaded()
    {
        var (alice, _) = await _world.FormAsync();
        using var rogue = SecretKey.Generate();
        var path = Path.Combine(_world.Alice.Profile.Folder, "groups", $"{alice.Id}.json");
        var sound = File.ReadAllText(path);
        foreach (var changed in (string[])
        [
            sound.Replace(alice.OutputKey.ToString(), rogue.XOnlyPublicKey.ToString(), StringComparison.Ordinal),
            sound.Replace(alice.RosterHash.ToString(), alice.Id.ToString(), StringComparison.Ordinal),
            sound.Replace("\"is_creator\": true", "\"is_creator\": 1", StringComparison.Ordinal),
            sound[..^10],
        ])
        {
            Assert.NotEqual(sound, changed);
            File.WriteAllText(path, changed);
            Refused.With(ErrorCodes.ProfileInvalid, () => { _world.Alice.Groups.Load(alice.Id); });
        }
        File.WriteAllText(path, sound);
        Assert.Equal(alice.OutputKey, _world.Alice.Groups.Load(alice.Id).OutputKey);
    }

    [Fact]
    public async Task The_states_and_errors_of_a_group_that_will_not_form_are_told_apart()
    {
        var (group, _) = await _world.CreateAsync();
        foreach (var (state, error, code) in new (string, string?, string)[]
        {
            ("expired", null, ErrorCodes.JoinClosed), ("erased", null, ErrorCodes.Erased), ("failed", "enclave_locked", ErrorCodes.EnclaveLocked),
            ("failed", "made_up", ErrorCodes.Internal), ("failed", null, ErrorCodes.Internal), ("improved", null, ErrorCodes.GatewayResponseInvalid),
        })
        {
            _world.Gateway.Tamper<KeygenJson>(answer => answer with { State = state, Error = error });
            await Refused.WithAsync(code, () => _world.Alice.Groups.VerifyAsync(group, Cancel));
        }
    }

    private static Participant Stranger()
    {
        using var admission = SecretKey.Generate();
        return new Participant(Id16.Random(), admission.XOnlyPublicKey, 0);
    }

    private static SignedJson Reregister(FakeGroup group, SecretKey admission)
    {
        using var authorisation = SecretKey.Generate();
        using var member = SecretKey.Generate();
        var place = group.Manifest.Value.Participants[0];
        var binding = MemberBinding.Of(group.Manifest.Digest, place.User, place.Enclave, authorisation.XOnlyPublicKey, true, KeySource.Imported);
        var envelope = MemberEnvelope.Seal(group.Manifest.Value.Enclaves[0].Key, binding, member);
        var registration = new Registration
        {
            Manifest = group.Manifest.Digest,
            User = place.User,
            Auth = authorisation.XOnlyPublicKey,
            Approval = true,
            Source = KeySource.Imported,
            MemberKey = MemberKeyPlaintext.Prove(member, binding).Encrypt(new SessionCipher(group.Session, group.Manifest.Digest), binding),
            Envelope = Hash32.Sha256(envelope),
        };
        return SignedJson.Of(StatementSigner.Sign(registration, admission, authorisation).Statement);
    }
}
