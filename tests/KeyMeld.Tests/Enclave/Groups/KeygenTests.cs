using Google.Protobuf;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Groups;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Enclave.Rounds;

namespace KeyMeld.Tests.Enclave.Groups;

public sealed class KeygenTests
{
    private readonly HostedEnclave[] _enclaves = HostedEnclave.Fleet(2);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_enclave_of_a_good_manifest_accepts_it()
    {
        var group = Group();
        foreach (var (index, enclave) in _enclaves.Index())
        {
            await enclave.GroupDesk.CheckKeygenAsync(group.Keygen(index), Cancellation);
        }
    }

    [Fact]
    public async Task An_enclave_that_the_manifest_does_not_name_refuses()
    {
        using var stranger = new HostedEnclave(2);
        await Refused.WithAsync(ErrorCodes.EnclaveMismatch, () => stranger.GroupDesk.CheckKeygenAsync(Group().Keygen(0), Cancellation));
    }

    [Theory]
    [InlineData("sign")]
    [InlineData("epoch")]
    [InlineData("id")]
    public async Task An_entry_with_this_enclaves_key_and_something_else_of_another_is_refused(string member)
    {
        var group = Group(new GroupShape
        {
            Change = manifest => manifest with
            {
                Enclaves =
                [
                    member switch
                    {
                        "sign" => manifest.Enclaves[0] with { Sign = SecretKey.Generate().XOnlyPublicKey },
                        "epoch" => manifest.Enclaves[0] with { Epoch = 2 },
                        _ => manifest.Enclaves[0] with { Id = 7 },
                    },
                    manifest.Enclaves[1],
                ],
            },
        });
        await Refused.WithAsync(ErrorCodes.EnclaveMismatch, () => _enclaves[0].GroupDesk.CheckKeygenAsync(group.Keygen(0), Cancellation));
        await _enclaves[1].GroupDesk.CheckKeygenAsync(group.Keygen(1), Cancellation);
    }

    [Fact]
    public async Task A_manifest_that_names_two_epochs_of_one_enclave_is_refused()
    {
        using var enclave = new HostedEnclave(0, null, HostedEnclave.DefaultMemory, HostedEnclave.NewIdentity(1), HostedEnclave.NewIdentity(2));
        var older = new EnclaveKeys(enclave.Identities[0].Key, enclave.Identities[0].Sign, 1, 0);
        var group = new TestGroup([enclave], [new(0), new(0)], new GroupShape { Change = manifest => manifest with { Enclaves = [enclave.Entry, older] } });
        await Refused.WithAsync(ErrorCodes.EnclaveMismatch, () => enclave.GroupDesk.CheckKeygenAsync(group.Keygen(0), Cancellation));
    }

    [Fact]
    public async Task A_new_group_must_use_the_newest_epoch_and_an_older_group_goes_on()
    {
        var first = HostedEnclave.NewIdentity(1);
        using var before = new HostedEnclave(0, null, HostedEnclave.DefaultMemory, first);
        using var after = new HostedEnclave(0, null, HostedEnclave.DefaultMemory, first, HostedEnclave.NewIdentity(2));
        var group = new TestGroup([before], [new(0), new(0)]);

        await Refused.WithAsync(ErrorCodes.EpochRetired, () => after.GroupDesk.CheckKeygenAsync(group.Keygen(0), Cancellation));
        await after.GroupDesk.CheckRegistrationAsync(group.Registration(0), Cancellation);
        await after.GroupDesk.LoadGroupAsync(group.Bundle(0), Cancellation);
        Assert.All(await new Driver(new TestRequest(group, TestRequest.Messages(2)), after).RunAsync(), item => Assert.IsType<ItemResult.Completed>(item));
    }

    [Fact]
    public async Task Another_enclaves_session_secret_or_that_of_another_group_does_not_open()
    {
        var group = Group();
        byte[][] others = [group.SealedSecrets[1], Group().SealedSecrets[0], [], new byte[1 << 20]];
        foreach (var other in others)
        {
            var call = group.Keygen(0).With(keygen => keygen.SessionSecret = ByteString.CopyFrom(other));
            await Refused.WithAsync(ErrorCodes.SessionSecretUnreadable, () => _enclaves[0].GroupDesk.CheckKeygenAsync(call, Cancellation));
        }
        await _enclaves[0].GroupDesk.CheckKeygenAsync(group.Keygen(0), Cancellation);
    }

    [Fact]
    public async Task P10_terms_that_the_manifest_does_not_commit_to_are_refused()
    {
        var group = Group();
        var other = group.Terms with { Tweaks = new TweakChain([new Tweak.Bip86()]) };
        var keygen = group.Keygen(0).With(call => call.Terms = ByteString.CopyFrom(TermsEnvelope.Seal(group.Secret, group.Manifest.Digest, other.Encode())));
        await Refused.WithAsync(ErrorCodes.TermsMismatch, () => _enclaves[0].GroupDesk.CheckKeygenAsync(keygen, Cancellation));
        await Refused.WithAsync(ErrorCodes.TermsMismatch, () => _enclaves[0].GroupDesk.CheckRegistrationAsync(group.Registration(0).With(call => call.Keygen = keygen), Cancellation));
        await Refused.WithAsync(ErrorCodes.TermsMismatch, () => _enclaves[0].GroupDesk.LoadGroupAsync(group.Bundle(0).With(bundle => bundle.Keygen = keygen), Cancellation));
    }

    [Fact]
    public async Task P10_a_session_secret_that_the_manifest_does_not_commit_to_is_refused()
    {
        // Everybody can seal to the enclave: here a secret and terms that fit each other, but not the manifest.
        var group = Group();
        using var secret = SessionSecret.Generate();
        var keygen = group.Keygen(0).With(call =>
        {
            call.SessionSecret = ByteString.CopyFrom(SessionSecretEnvelope.Seal(_enclaves[0].Identity.Key, group.Manifest.Digest, 0, secret));
            call.Terms = ByteString.CopyFrom(TermsEnvelope.Seal(secret, group.Manifest.Digest, group.Terms.Encode()));
        });
        await Refused.WithAsync(ErrorCodes.TermsMismatch, () => _enclaves[0].GroupDesk.CheckKeygenAsync(keygen, Cancellation));
    }

    [Fact]
    public async Task G04_a_manifest_changed_in_any_byte_is_refused()
    {
        var group = Group();
        var bytes = group.Manifest.Bytes.ToArray();
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] ^= 1;
            var changed = group.Keygen(0).With(call => call.Manifest.Statement = ByteString.CopyFrom(bytes));
            bytes[i] ^= 1;
            var refusal = await Assert.ThrowsAsync<KeyMeldException>(() => _enclaves[0].GroupDesk.CheckKeygenAsync(changed, Cancellation));
            Assert.Contains(refusal.Code, (string[])[ErrorCodes.StatementInvalid, ErrorCodes.ManifestInvalid, ErrorCodes.LimitExceeded]);
        }
    }

    [Fact]
    public async Task A_group_may_have_members_who_sign_at_home_and_no_others()
    {
        foreach (var members in (TestMember[][])[[new(0), new(null)], [new(null), new(null)]])
        {
            var home = new TestGroup(_enclaves, members);
            foreach (var (index, enclave) in _enclaves.Index())
            {
                await enclave.GroupDesk.CheckKeygenAsync(home.Keygen(index), Cancellation);
                // Any enclave of the manifest checks who signs at home, and none takes an envelope for it.
                await enclave.GroupDesk.CheckRegistrationAsync(home.Registration(1, index), Cancellation);
                await Refused.WithAsync(ErrorCodes.BadRequest, () =>
                    enclave.GroupDesk.CheckRegistrationAsync(home.Registration(1, index).With(call => call.Envelope = ByteString.CopyFrom(new byte[114])), Cancellation));
                var receipt = await enclave.GroupDesk.LoadGroupAsync(home.Bundle(index), Cancellation);
                Assert.Equal(home.RosterHash.ToWire(), receipt.Roster);
                var sealedKey = new Wire.V1.Envelope { Participant = 1, Sealed = ByteString.CopyFrom(new byte[114]) };
                await Refused.WithAsync(ErrorCodes.EnvelopeMismatch, () => enclave.GroupDesk.LoadGroupAsync(home.Bundle(index).With(bundle => bundle.Envelopes.Add(sealedKey)), Cancellation));
            }
        }
    }

    [Fact]
    public async Task A_call_with_parts_missing_or_of_the_wrong_size_is_a_bad_request()
    {
        var desk = _enclaves[0].GroupDesk;
        await Refused.WithAsync(ErrorCodes.BadRequest, () => desk.CheckKeygenAsync(new(), Cancellation));
        await Refused.WithAsync(ErrorCodes.BadRequest, () => desk.CheckRegistrationAsync(new(), Cancellation));
        await Refused.WithAsync(ErrorCodes.BadRequest, () => desk.LoadGroupAsync(new(), Cancellation));
        await Refused.WithAsync(ErrorCodes.BadRequest, () => desk.CheckKeygenAsync(Group().Keygen(0).With(call => call.Manifest.Signatures[0] = ByteString.CopyFrom(1, 2, 3)), Cancellation));
        await Refused.WithAsync(ErrorCodes.ManifestInvalid, () => desk.CheckKeygenAsync(Group().Keygen(0).With(call => call.Manifest.Signatures.Clear()), Cancellation));
    }

    private TestGroup Group(GroupShape? shape = null) => new(_enclaves, [new(0), new(1)], shape);
}
