using KeyMeld.Attestation;
using KeyMeld.Client;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Statements;
using KeyMeld.Tests.Client.Support;
using Microsoft.Extensions.Time.Testing;

namespace KeyMeld.Tests.Client.Enclaves;

public sealed class EnclaveVerificationTests : IDisposable
{
    private readonly ClientWorld _world = new();

    private static CancellationToken Cancel => ClientWorld.Cancel;

    private FakeEnclave Enclave => _world.Gateway.Enclaves[0];

    public void Dispose() => _world.Dispose();

    /// <summary>Every way of G01 to show something else than a fresh document over the enclave's own identity.</summary>
    public static TheoryData<string> Forgeries => [.. Forge.Keys];

    private static Dictionary<string, Func<ClientWorld, FakeModule, IdentityJson, byte[], IdentityJson>> Forge { get; } = new()
    {
        ["the gateway's own key under the genuine document"] = (world, _, genuine, _) =>
            genuine with { Identity = OwnKey(world, 0).Document() },
        ["the gateway's own key under its own root"] = (world, rogue, _, nonce) =>
        {
            var identity = OwnKey(world, 0).Document();
            return new IdentityJson(identity, rogue.Sign(IdentityDocument.UserData(identity).ToArray(), nonce));
        },
        ["no document"] = (_, _, genuine, _) => genuine with { Attestation = [] },
        ["a truncated document"] = (_, _, genuine, _) => genuine with { Attestation = genuine.Attestation[..^1] },
        ["a forged signature"] = (_, _, genuine, _) => genuine with { Attestation = Flip(genuine.Attestation, genuine.Attestation.Length - 5) },
        ["a changed identity"] = (_, _, genuine, _) => genuine with { Identity = Flip(genuine.Identity, genuine.Identity.Length - 3) },
        ["a document for another nonce"] = (world, _, _, nonce) => Identify(world.Gateway.Enclaves[0].Attest(Flip(nonce, 0))),
        ["a document without the nonce"] = (world, _, genuine, _) => genuine with { Attestation = world.Module.Sign(IdentityDocument.UserData(genuine.Identity).ToArray(), []) },
        ["a stale document"] = (world, _, genuine, nonce) => genuine with { Attestation = SignAt(world, genuine.Identity, nonce, TimeSpan.FromMinutes(-6)) },
        ["a document from the future"] = (world, _, genuine, nonce) => genuine with { Attestation = SignAt(world, genuine.Identity, nonce, TimeSpan.FromMinutes(6)) },
        ["a debug-mode document"] = (world, _, genuine, nonce) =>
            genuine with { Attestation = world.Module.Sign(IdentityDocument.UserData(genuine.Identity).ToArray(), nonce, measurement: FakeModule.Debug) },
        ["another product's document"] = (world, _, genuine, nonce) =>
            genuine with { Attestation = world.Module.Sign(IdentityDocument.UserData(genuine.Identity).ToArray(), nonce, moduleId: FakeModule.InstanceId + "-tpm0000000000000000") },
        ["a document made for KMS"] = (world, _, genuine, nonce) =>
            genuine with { Attestation = world.Module.Sign(IdentityDocument.UserData(genuine.Identity).ToArray(), nonce, publicKey: [1, 2, 3]) },
        ["another enclave in its place"] = (world, _, _, nonce) => Identify(world.Gateway.Enclaves[1].Attest(nonce)),
        ["an identity that is no identity"] = (world, _, _, nonce) => new IdentityJson([0xa0], world.Module.Sign(IdentityDocument.UserData([0xa0]).ToArray(), nonce)),
    };

    [Theory]
    [MemberData(nameof(Forgeries))]
    public async Task G01_a_forged_identity_is_refused_before_any_secret_is_sealed(string forgery)
    {
        using var rogue = new FakeModule(_world.Clock);
        var (formed, bobs) = await _world.FormAsync();
        var (joinable, invitation) = await _world.CreateAsync();
        using var offer = await _world.Bob.Groups.InspectAsync(invitation, Cancel);
        var request = await _world.Bob.Signings.RequestAsync(bobs, [SigningContent.FromBytes("pay"u8.ToArray())], cancellationToken: Cancel);
        var review = await _world.Alice.Signings.ReviewAsync(request, Cancel);
        var posts = _world.Gateway.Posts.Count();
        _world.Gateway.Intercept = call => call.Target.StartsWith("/api/v1/enclaves/0/identity?nonce=", StringComparison.Ordinal) ? Answer(rogue, forgery, call.Target) : null;

        using var key = MemberKey.Generate();
        await Refused.WithAsync(ErrorCodes.AttestationInvalid, () => _world.Alice.Enclaves.VerifyAsync(0, Cancel));
        await Refused.WithAsync(ErrorCodes.AttestationInvalid, () => _world.Alice.Groups.CreateAsync(ClientWorld.TwoOfTwo, Cancel));
        await Refused.WithAsync(ErrorCodes.AttestationInvalid, () => _world.Person("carol").Groups.InspectAsync(invitation, Cancel));
        await Refused.WithAsync(ErrorCodes.AttestationInvalid, () => _world.Bob.Groups.JoinAsync(offer, key, null, Cancel));
        await Refused.WithAsync(ErrorCodes.AttestationInvalid, () => _world.Alice.Signings.RequestAsync(formed, [SigningContent.FromBytes("pay"u8.ToArray())], cancellationToken: Cancel));
        await Refused.WithAsync(ErrorCodes.AttestationInvalid, () => _world.Alice.Signings.ApproveAsync(review, cancellationToken: Cancel));
        Assert.Equal(posts, _world.Gateway.Posts.Count());

        _world.Gateway.BeHonest();
        await _world.Bob.Groups.JoinAsync(offer, key, null, Cancel);
        Assert.NotNull(await _world.Bob.Groups.WaitUntilFormedAsync(joinable, cancellationToken: Cancel));
        Assert.Equal(SigningState.Completed, (await _world.Alice.Signings.ApproveAsync(review, cancellationToken: Cancel)).State);
    }

    [Fact]
    public async Task G01_a_genuine_document_shown_twice_is_refused()
    {
        IdentityJson? first = null;
        _world.Gateway.Tamper<IdentityJson>(answer => first ??= answer);
        await _world.Alice.Enclaves.VerifyAsync(0, Cancel);
        await Refused.WithAsync(ErrorCodes.AttestationInvalid, () => _world.Alice.Enclaves.VerifyAsync(0, Cancel));
    }

    [Fact]
    public async Task Each_check_draws_a_nonce_of_its_own()
    {
        await _world.Alice.Enclaves.VerifyAsync(0, Cancel);
        await _world.Alice.Enclaves.VerifyAsync(0, Cancel);
        Assert.Equal(2, _world.Gateway.Calls.Select(call => call.Target).Distinct().Count());
    }

    [Fact]
    public async Task G17_the_right_build_under_another_kms_key_is_not_among_the_releases()
    {
        var genuine = Enclave.KmsKeyArn;
        var carol = _world.Person("carol", _world.Module.PolicyFor(genuine));
        await carol.Enclaves.VerifyAsync(0, Cancel);
        Enclave.KmsKeyArn = genuine.Replace('1', '9');
        var error = await Refused.WithAsync(ErrorCodes.AttestationInvalid, () => carol.Enclaves.VerifyAsync(0, Cancel));
        Assert.Contains(nameof(AttestationFailure.Release), error.Message, StringComparison.Ordinal);
        Enclave.KmsKeyArn = genuine;
        await carol.Enclaves.VerifyAsync(0, Cancel);
    }

    [Fact]
    public async Task G17_another_build_or_configuration_is_not_among_the_releases()
    {
        var carol = _world.Person("carol", _world.Module.PolicyFor(Enclave.KmsKeyArn));
        var other = new KeyMeld.DevKit.Nsm.Measurement(FakeModule.Genuine.Pcr0, FakeModule.Genuine.Pcr1, FakeModule.Register('d'));
        _world.Gateway.Intercept = call =>
        {
            var identity = Enclave.Document();
            return Json(new IdentityJson(identity, _world.Module.Sign(IdentityDocument.UserData(identity).ToArray(), NonceOf(call.Target), measurement: other)));
        };
        await Refused.WithAsync(ErrorCodes.AttestationInvalid, () => carol.Enclaves.VerifyAsync(0, Cancel));
    }

    [Fact]
    public void G17_development_mode_is_refused_under_a_production_policy()
    {
        var release = FakeModule.Genuine.ToRelease(Enclave.KmsKeyArn);
        Refused.With(ErrorCodes.AttestationInvalid, () => { EnclaveVerifier.RequireMode(new AttestationPolicy.Production([release]), EnclaveMode.Development, 0); });
        EnclaveVerifier.RequireMode(new AttestationPolicy.Production([release]), EnclaveMode.Production, 0);
        EnclaveVerifier.RequireMode(_world.Module.Policy, EnclaveMode.Development, 0);
    }

    [Fact]
    public async Task G09_a_lower_epoch_or_another_key_is_enclave_changed_until_it_is_accepted()
    {
        Enclave.AddEpoch();
        var second = await _world.Alice.Enclaves.VerifyAsync(0, Cancel);
        Assert.Equal(2, second.Newest.Epoch);
        Enclave.DropEpochs();
        Enclave.AddEpoch();
        await Refused.WithAsync(ErrorCodes.EnclaveChanged, () => _world.Alice.Enclaves.VerifyAsync(0, Cancel));
        await Refused.WithAsync(ErrorCodes.EnclaveChanged, () => _world.Alice.Groups.CreateAsync(ClientWorld.TwoOfTwo, Cancel));
        Enclave.AddEpoch();
        var error = await Refused.WithAsync(ErrorCodes.EnclaveChanged, () => _world.Alice.Enclaves.VerifyAsync(0, Cancel));
        Assert.Contains(Enclave.Key.ToString(), error.Message, StringComparison.Ordinal);
        Assert.Equal(second.Newest.Key, _world.Alice.Profile.Pins.Single(pin => pin.Number == 0).Key);

        await Refused.WithAsync(ErrorCodes.EnclaveChanged, () => _world.Alice.Enclaves.AcceptChangeAsync(0, second.Newest.Key, Cancel));
        await _world.Alice.Enclaves.AcceptChangeAsync(0, Enclave.Key, Cancel);
        Assert.Equal(Enclave.Key, (await _world.Alice.Enclaves.VerifyAsync(0, Cancel)).Newest.Key);
        // Somebody who never saw the old key has nothing to compare with.
        await _world.Bob.Enclaves.VerifyAsync(0, Cancel);
    }

    [Fact]
    public async Task A_pin_moves_forward_by_itself_and_is_one_for_each_enclave_and_kms_key()
    {
        await _world.Alice.Enclaves.VerifyAsync(0, Cancel);
        await _world.Alice.Enclaves.VerifyAsync(1, Cancel);
        Enclave.AddEpoch();
        await _world.Alice.Enclaves.VerifyAsync(0, Cancel);
        Assert.Equal([(0, 2), (1, 1)], _world.Alice.Profile.Pins.OrderBy(pin => pin.Number).Select(pin => (pin.Number, pin.Epoch)));
    }

    [Fact]
    public async Task A_damaged_pin_file_is_refused_and_not_forgotten()
    {
        await _world.Alice.Enclaves.VerifyAsync(0, Cancel);
        var pins = Path.Combine(_world.Alice.Profile.Folder, "pins.json");
        File.WriteAllText(pins, "{}");
        await Refused.WithAsync(ErrorCodes.ProfileInvalid, () => _world.Alice.Enclaves.VerifyAsync(0, Cancel));
        Assert.Equal("{}", File.ReadAllText(pins));
    }

    [Fact]
    public async Task Joining_under_an_older_epoch_needs_explicit_acceptance_and_signing_does_not()
    {
        var (group, invitation) = await _world.CreateAsync();
        Enclave.AddEpoch();
        using var offer = await _world.Bob.Groups.InspectAsync(invitation, Cancel);
        Assert.True(offer.HasRetiredEpoch);
        using var key = MemberKey.Generate();
        await Refused.WithAsync(ErrorCodes.EpochRetired, () => _world.Bob.Groups.JoinAsync(offer, key, null, Cancel));
        await _world.Bob.Groups.JoinAsync(offer, key, new JoinOptions { AcceptRetiredEpoch = true }, Cancel);
        var formed = await _world.Bob.Groups.WaitUntilFormedAsync(group, cancellationToken: Cancel);
        var request = await _world.Bob.Signings.RequestAsync(formed, [SigningContent.FromBytes("pay"u8.ToArray())], cancellationToken: Cancel);
        await _world.Alice.Groups.WaitUntilFormedAsync(group, cancellationToken: Cancel);
        await _world.Alice.Signings.ApproveAsync(await _world.Alice.Signings.ReviewAsync(request, Cancel), cancellationToken: Cancel);
        Assert.True((await _world.Bob.Signings.WaitAsync(request, cancellationToken: Cancel)).IsSigned);
        // New groups use the newest.
        using var created = await _world.Alice.Groups.CreateAsync(ClientWorld.TwoOfTwo, Cancel);
        Assert.Equal(2, _world.Gateway.Groups[created.Id].Manifest.Value.Enclaves[0].Epoch);
    }

    [Fact]
    public async Task A_group_under_a_key_its_enclave_no_longer_has_is_enclave_mismatch()
    {
        var (_, invitation) = await _world.CreateAsync();
        var key = Enclave.Key;
        Enclave.DropEpochs();
        Enclave.AddEpoch(2);
        Assert.NotEqual(key, Enclave.Key);
        await Refused.WithAsync(ErrorCodes.EnclaveMismatch, () => _world.Bob.Groups.InspectAsync(invitation, Cancel));
    }

    private static HttpResponseMessage Json(IdentityJson answer) => FakeGateway.Json(ProtocolJson.Utf8(answer, ProtocolJson.Default.IdentityJson));

    private static IdentityJson Identify((byte[] Identity, byte[] Attestation) pair) => new(pair.Identity, pair.Attestation);

    private static byte[] NonceOf(string target) => Convert.FromHexString(target.AsSpan(target.IndexOf('=', StringComparison.Ordinal) + 1));

    private static byte[] Flip(byte[] bytes, int at)
    {
        var flipped = (byte[])bytes.Clone();
        flipped[at] ^= 1;
        return flipped;
    }

    private static FakeEnclave OwnKey(ClientWorld world, int number) => new FakeEnclave(number, world.Module).AddEpoch();

    private static byte[] SignAt(ClientWorld world, byte[] identity, byte[] nonce, TimeSpan offset) =>
        world.Module.Sign(IdentityDocument.UserData(identity).ToArray(), nonce, clock: new FakeTimeProvider(world.Clock.GetUtcNow() + offset));

    private HttpResponseMessage Answer(FakeModule rogue, string forgery, string target)
    {
        var nonce = NonceOf(target);
        return Json(Forge[forgery](_world, rogue, Identify(Enclave.Attest(nonce)), nonce));
    }
}
