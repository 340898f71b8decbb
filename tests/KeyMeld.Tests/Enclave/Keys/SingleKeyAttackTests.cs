using Google.Protobuf;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Keys;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Enclave.Rounds;
using KeyMeld.Wire.V1;

namespace KeyMeld.Tests.Enclave.Keys;

/// <summary>A gateway that holds everything an owner ever posted, and an owner of its own.</summary>
public sealed class SingleKeyAttackTests : IDisposable
{
    private static readonly Hash32 Message = Hash32.Sha256("message"u8);
    private static readonly Hash32 Other = Hash32.Sha256("another message"u8);
    private readonly HostedEnclave[] _enclaves = HostedEnclave.Fleet(2);

    private HostedEnclave Enclave => _enclaves[0];

    public void Dispose()
    {
        foreach (var enclave in _enclaves)
        {
            enclave.Dispose();
        }
    }

    [Theory]
    [InlineData(KeySource.Imported)]
    [InlineData(KeySource.Made)]
    public async Task G02_a_stored_key_loaded_under_another_user_key_id_auth_source_or_enclave_is_refused(KeySource source)
    {
        var victim = new TestOwner(Enclave.Entry, source);
        await victim.AddAsync(Enclave);
        var thief = new TestOwner(Enclave.Entry, source) { Key = victim.Key };
        var values = victim.Values with { Envelope = source == KeySource.Made ? null : Hash32.Sha256(victim.Stored.Span) };
        (KeyStatement Statement, HostedEnclave At)[] ways =
        [
            (values with { Auth = thief.Auth.XOnlyPublicKey }, Enclave),
            (values with { Auth = thief.Auth.XOnlyPublicKey, User = Id16.Random() }, Enclave),
            (values with { Auth = thief.Auth.XOnlyPublicKey, Key = Id16.Random() }, Enclave),
            (values with { Auth = thief.Auth.XOnlyPublicKey, Enclave = _enclaves[1].Entry }, _enclaves[1]),
            (values with { Auth = thief.Auth.XOnlyPublicKey, Source = source == KeySource.Made ? KeySource.Imported : KeySource.Made, Envelope = source == KeySource.Made ? Hash32.Sha256(victim.Stored.Span) : null }, Enclave),
        ];
        foreach (var (statement, at) in ways)
        {
            var signed = StatementSigner.Sign(statement, thief.Auth);
            await Refused.WithAsync(ErrorCodes.EnvelopeUnreadable, () => at.Keys.SignAsync(SignedBy(thief, signed, victim.Stored, at)));
            await Refused.WithAsync(ErrorCodes.EnvelopeUnreadable, () => at.Keys.AddAsync(new() { Key = signed.Statement.ToWire(), Sealed = victim.Stored }));
        }
        // With the owner's own statement somebody else's requests are nothing.
        var foreign = SignedBy(thief, victim.Statement, victim.Stored, Enclave);
        await Refused.WithAsync(ErrorCodes.StatementInvalid, () => Enclave.Keys.SignAsync(foreign));
        Assert.Equal(1, Enclave.Keys.Remembered);
        await GoesOnAsync(victim);
    }

    [Fact]
    public async Task G02_a_key_statement_for_another_enclave_epoch_or_statement_key_is_refused()
    {
        var entry = Enclave.Entry;
        EnclaveKeys[] wrong = [entry with { Id = 7 }, entry with { Epoch = 2 }, entry with { Sign = _enclaves[1].Entry.Sign }, _enclaves[1].Entry];
        foreach (var named in wrong)
        {
            var owner = new TestOwner(named);
            await Refused.WithAsync(ErrorCodes.EnclaveMismatch, () => Enclave.Keys.AddAsync(owner.Post()));
            await Refused.WithAsync(ErrorCodes.EnclaveMismatch, () => Enclave.Keys.SignAsync(owner.Request(Message).Call()));
        }
        Assert.Equal(0, Enclave.Keys.Remembered);
    }

    [Fact]
    public async Task G02_member_envelopes_are_no_single_keys_and_single_keys_no_members()
    {
        var member = new TestMember(0);
        var made = new TestMember(0) { Source = KeySource.Made };
        var group = new TestGroup([Enclave], [member, made]);
        foreach (var (source, place) in ((KeySource, int)[])[(KeySource.Imported, 0), (KeySource.Made, 1)])
        {
            var stolen = ByteString.CopyFrom(group.Registrations[place].Envelope);
            var thief = new TestOwner(Enclave.Entry, source) { Key = group.Members[place].Key };
            var signed = StatementSigner.Sign(thief.Values with { Envelope = source == KeySource.Made ? null : Hash32.Sha256(stolen.Span) }, thief.Auth);
            await Refused.WithAsync(ErrorCodes.EnvelopeUnreadable, () => Enclave.Keys.SignAsync(SignedBy(thief, signed, stolen, Enclave)));
            await Refused.WithAsync(ErrorCodes.EnvelopeUnreadable, () => Enclave.Keys.AddAsync(new() { Key = signed.Statement.ToWire(), Sealed = stolen }));

            // And back: a single key's blob registered as a member's.
            var owner = new TestOwner(Enclave.Entry, source) { Key = group.Members[place].Key };
            await owner.AddAsync(Enclave);
            var late = group.Members[place];
            var (statement, _) = late.Register(group, registration => registration with { Envelope = Hash32.Sha256(owner.Stored.Span) });
            var call = group.Registration(place);
            (call.Registration, call.Envelope) = (statement.ToWire(), owner.Stored);
            await Refused.WithAsync(ErrorCodes.EnvelopeUnreadable, () => Enclave.GroupDesk.CheckRegistrationAsync(call, TestContext.Current.CancellationToken));
            await GoesOnAsync(owner);
        }
        await Enclave.GroupDesk.LoadGroupAsync(group.Bundle(0), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task G15_another_message_tweak_or_response_key_under_a_genuine_single_sign_is_refused()
    {
        var victim = new TestOwner(Enclave.Entry);
        await victim.AddAsync(Enclave);
        var genuine = victim.Request(Message);
        // The gateway knows the enclave's key, the key hash and the request id, so its own blobs open; but the statement names another.
        TestSign[] blobs = [victim.Request(Other), victim.Request(Message, new SingleTweak.Bip86()), victim.Request(Message)];
        foreach (var wire in blobs.Select(blob => blob.Wire).Append([.. genuine.Wire[..^1], (byte)(genuine.Wire[^1] ^ 1)]))
        {
            await Refused.WithAsync(ErrorCodes.ItemsInvalid, () => Enclave.Keys.SignAsync(genuine.Call().With(call => call.Sealed = ByteString.CopyFrom(wire))));
        }
        foreach (var tweak in (SingleTweak[])[new SingleTweak.None(), new SingleTweak.Bip86()])
        {
            using var blob = new SingleSignBlob(Other, tweak, SecretBytes.CopyFrom(new byte[32]));
            var own = SingleSignEnvelope.Seal(Enclave.Identity.Key, victim.Statement.Hash, genuine.Values.Request, blob);
            await Refused.WithAsync(ErrorCodes.ItemsInvalid, () => Enclave.Keys.SignAsync(genuine.Call().With(call => call.Sealed = ByteString.CopyFrom(own))));
        }
        genuine.Accept(await Enclave.Keys.SignAsync(genuine.Call()));
    }

    [Fact]
    public async Task G15_a_changed_statement_is_refused_in_every_member()
    {
        var victim = new TestOwner(Enclave.Entry);
        await victim.AddAsync(Enclave);
        var request = victim.Request(Message);
        SingleSign[] changed =
        [
            request.Values with { Algorithm = SingleSignAlgorithm.Ecdsa },
            request.Values with { Expires = request.Values.Expires + 1 },
            request.Values with { Created = request.Values.Created - 1 },
            request.Values with { Request = Id16.Random() },
            request.Values with { Key = Other },
            request.Values with { Sealed = Other },
        ];
        foreach (var values in changed)
        {
            var call = request.Call().With(call => call.Request.Statement = ByteString.CopyFrom(values.Encode()));
            await Refused.WithAsync(ErrorCodes.StatementInvalid, () => Enclave.Keys.SignAsync(call));
        }
        var bytes = request.Statement.Bytes.ToArray();
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] ^= 1;
            var call = request.Call().With(call => call.Request.Statement = ByteString.CopyFrom(bytes));
            bytes[i] ^= 1;
            Assert.Equal(ErrorCodes.StatementInvalid, (await Assert.ThrowsAsync<KeyMeldException>(() => Enclave.Keys.SignAsync(call))).Code);
        }
        request.Accept(await Enclave.Keys.SignAsync(request.Call()));
    }

    [Fact]
    public async Task G15_a_request_for_one_key_is_nothing_for_another_of_the_same_owner()
    {
        var first = new TestOwner(Enclave.Entry);
        var second = new TestOwner(Enclave.Entry) { Auth = first.Auth };
        await first.AddAsync(Enclave);
        await second.AddAsync(Enclave);
        var call = first.Request(Message).Call();
        (call.Key, call.KeySealed) = (second.Statement.Statement.ToWire(), second.Stored);
        await Refused.WithAsync(ErrorCodes.RequestInvalid, () => Enclave.Keys.SignAsync(call));
        // Signed anew by the owner it still holds the other key's blob, which is bound to that key.
        var request = first.Request(Message);
        call = request.Call(request.Sign(request.Values with { Key = second.Statement.Hash }));
        (call.Key, call.KeySealed) = (second.Statement.Statement.ToWire(), second.Stored);
        await Refused.WithAsync(ErrorCodes.ItemsInvalid, () => Enclave.Keys.SignAsync(call));
    }

    [Fact]
    public async Task G15_the_swapped_envelope_of_an_imported_key_is_refused()
    {
        var victim = new TestOwner(Enclave.Entry);
        await victim.AddAsync(Enclave);
        using var planted = SecretKey.Generate();
        // Bound rightly, with the gateway's own key in it.
        var swapped = ByteString.CopyFrom(SingleKeyEnvelope.Seal(Enclave.Identity.Key, victim.Binding, planted, victim.Response));
        await Refused.WithAsync(ErrorCodes.EnvelopeMismatch, () => Enclave.Keys.AddAsync(victim.Post().With(call => call.Sealed = swapped)));
        using var restarted = Enclave.Again();
        var request = victim.Request(Message);
        await Refused.WithAsync(ErrorCodes.EnvelopeMismatch, () => restarted.Keys.SignAsync(request.Call().With(call => call.KeySealed = swapped)));
        // Also while the right one is in memory.
        request.Accept(await Enclave.Keys.SignAsync(request.Call()));
        await Refused.WithAsync(ErrorCodes.EnvelopeMismatch, () => Enclave.Keys.SignAsync(request.Call().With(call => call.KeySealed = swapped)));
        await GoesOnAsync(victim);
    }

    [Fact]
    public async Task G15_a_second_made_key_under_one_statement_signs_nothing_its_owner_accepts()
    {
        var victim = new TestOwner(Enclave.Entry, KeySource.Made);
        var second = (await Enclave.Keys.AddAsync(victim.Post())).SelfSealed;
        await victim.AddAsync(Enclave);
        var request = victim.Request(Message);
        var answer = await Enclave.Keys.SignAsync(request.Call().With(call => call.KeySealed = second));
        Assert.True(SingleAnswer.TryOpen(request.Response, request.Statement.Hash, answer.Answer.Span, out var signature));
        Assert.False(victim.Confirmed!.ToXOnly().Verify(Message.Bytes, SchnorrSignature.Parse(signature)));
        await GoesOnAsync(victim);
    }

    [Fact]
    public async Task P09_a_single_key_equal_to_its_auth_is_refused_with_either_parity()
    {
        // Otherwise a signature over a "message" could be a statement that erases the key or signs something else.
        var owner = new TestOwner(Enclave.Entry);
        owner.Key = owner.Auth;
        await Refused.WithAsync(ErrorCodes.KeyReused, () => Enclave.Keys.AddAsync(owner.Post()));
        await Refused.WithAsync(ErrorCodes.KeyReused, () => Enclave.Keys.SignAsync(owner.Request(Message).Call()));
        var negated = new TestOwner(Enclave.Entry);
        negated.Key = Negated(negated.Auth);
        Assert.NotEqual(negated.Auth.PublicKey, negated.Key.PublicKey);
        await Refused.WithAsync(ErrorCodes.KeyReused, () => Enclave.Keys.AddAsync(negated.Post()));
        Assert.Equal(0, Enclave.Keys.Remembered);
    }

    [Fact]
    public async Task G22_requests_out_of_their_time_are_refused_on_the_enclaves_own_time()
    {
        var owner = new TestOwner(Enclave.Entry);
        await owner.AddAsync(Enclave);
        var request = owner.Request(Message);
        (long Now, string? Code)[] times =
        [
            (request.Values.Created - 120_001, ErrorCodes.NotYetValid),
            (request.Values.Created - 120_000, null),
            (request.Values.Expires, null),
            (request.Values.Expires + 1, ErrorCodes.Expired),
        ];
        foreach (var (now, code) in times)
        {
            Enclave.Clock.Now = now;
            if (code is null)
            {
                request.Accept(await Enclave.Keys.SignAsync(request.Call()));
            }
            else
            {
                await Refused.WithAsync(code, () => Enclave.Keys.SignAsync(request.Call()));
            }
        }
        // Also by an enclave that never saw it.
        using var restarted = Enclave.Again();
        await Refused.WithAsync(ErrorCodes.Expired, () => restarted.Keys.SignAsync(request.Call()));
    }

    [Fact]
    public async Task P03_sealed_keys_that_do_not_open_are_refused_with_their_reason()
    {
        var owner = new TestOwner(Enclave.Entry);
        byte[][] wires = [[], new byte[5000], [.. owner.Envelope[..^1], (byte)(owner.Envelope[^1] ^ 1)], SingleKeyEnvelope.Seal(_enclaves[1].Identity.Key, owner.Binding, owner.Key, owner.Response)];
        foreach (var wire in wires)
        {
            var signed = owner.Sign(owner.Values with { Envelope = Hash32.Sha256(wire) });
            await Refused.WithAsync(ErrorCodes.EnvelopeUnreadable, () => Enclave.Keys.AddAsync(new() { Key = signed.Statement.ToWire(), Sealed = ByteString.CopyFrom(wire) }));
        }
        var made = new TestOwner(Enclave.Entry, KeySource.Made);
        await Refused.WithAsync(ErrorCodes.EnvelopeUnreadable, () => Enclave.Keys.AddAsync(made.Post().With(call => call.Sealed = ByteString.CopyFrom(owner.Envelope))));
        await owner.AddAsync(Enclave);
        await GoesOnAsync(owner);
    }

    /// <summary>What a thief that signs with its own auth sends.</summary>
    private static UntrustedSingleSign SignedBy(TestOwner thief, Signed<KeyStatement> key, ByteString stored, HostedEnclave at)
    {
        var request = Id16.Random();
        using var blob = new SingleSignBlob(Message, new SingleTweak.None(), SecretBytes.CopyFrom(thief.Response));
        var wire = SingleSignEnvelope.Seal(at.Identity.Key, key.Hash, request, blob);
        var statement = new SingleSign { Key = key.Hash, Request = request, Created = TestGroup.Created, Expires = TestGroup.Created + 1000, Algorithm = SingleSignAlgorithm.Bip340, Sealed = Hash32.Sha256(wire) };
        return new UntrustedSingleSign
        {
            Key = key.Statement.ToWire(),
            KeySealed = stored,
            Request = StatementSigner.Sign(statement, thief.Auth).Statement.ToWire(),
            Sealed = ByteString.CopyFrom(wire),
        };
    }

    private async Task GoesOnAsync(TestOwner owner)
    {
        var request = owner.Request(Message);
        request.Accept(await Enclave.Keys.SignAsync(request.Call()));
    }

    private static SecretKey Negated(SecretKey key)
    {
        var order = System.Numerics.BigInteger.Parse("0FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141", System.Globalization.NumberStyles.HexNumber, null);
        var secret = new byte[32];
        key.Export(secret);
        var negated = order - new System.Numerics.BigInteger(secret, isUnsigned: true, isBigEndian: true);
        var bytes = negated.ToByteArray(isUnsigned: true, isBigEndian: true);
        bytes.CopyTo(secret.AsSpan(32 - bytes.Length));
        secret.AsSpan(0, 32 - bytes.Length).Clear();
        return SecretKey.Import(secret);
    }
}
