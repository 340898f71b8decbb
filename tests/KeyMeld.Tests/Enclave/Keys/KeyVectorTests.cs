using System.Text.Json;
using Google.Protobuf;
using KeyMeld.Enclave.Identity;
using KeyMeld.Protocol.Groups;
using KeyMeld.Protocol.Identity;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Keys;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Enclave.Rounds;
using KeyMeld.Tests.Protocol;

namespace KeyMeld.Tests.Enclave.Keys;

/// <summary>Sections "single_key" and "registrations.make_key" of the independent protocol vectors, sent to an enclave with the vectors' identity keys.</summary>
public sealed class KeyVectorTests
{
    private static readonly JsonElement Root = ProtocolVectors.Root;
    private static readonly JsonElement Single = Root.GetProperty("single_key");

    [Fact]
    public async Task The_imported_key_of_the_vectors_is_taken_and_answered_as_they_say()
    {
        using var enclave = Host(Signed.ParseKey(Single.Statement("statement")).Value.Enclave);
        var reply = await enclave.Keys.AddAsync(new() { Key = Single.Statement("statement").ToWire(), Sealed = Bytes("import.wire") });
        var answer = MadeKeyAnswer.Open(Single.Hex("import_answer.response_secret"), Single.Hex("binding"), reply.Answer.Span);
        Assert.Equal(MadeKeyAnswer.Open(Single.Hex("import_answer.response_secret"), Single.Hex("binding"), Single.Hex("import_answer.wire")), answer);
        Assert.True(reply.SelfSealed.IsEmpty);
    }

    [Fact]
    public async Task Every_single_sign_of_the_vectors_is_signed()
    {
        var key = Signed.ParseKey(Single.Statement("statement"));
        using var enclave = Host(key.Value.Enclave);
        var cases = Single.GetProperty("sign").EnumerateArray().ToArray();
        Assert.Equal(4, cases.Length);
        foreach (var one in cases)
        {
            var request = Signed.Parse<SingleSign>(one.Statement("statement"), key.Value.Auth);
            enclave.Clock.Now = request.Value.Created;
            var reply = await enclave.Keys.SignAsync(new()
            {
                Key = key.Statement.ToWire(),
                KeySealed = Bytes("import.wire"),
                Request = request.Statement.ToWire(),
                Sealed = ByteString.CopyFrom(one.Hex("blob.wire")),
            });
            Assert.True(SingleAnswer.TryOpen(one.Hex("answer.response_secret"), request.Hash, reply.Answer.Span, out var signature));
            using var blob = SingleSignBlob.Parse(one.Hex("blob.plaintext"));
            if (request.Value.Algorithm == SingleSignAlgorithm.Ecdsa)
            {
                // RFC 6979 leaves no choice: the very signature.
                Assert.Equal(one.Text("signature"), Convert.ToHexStringLower(signature));
            }
            else
            {
                Assert.True(SingleTweaks.OutputKey(Single.Public("public").ToXOnly(), blob.Tweak).Verify(blob.Message.Bytes, SchnorrSignature.Parse(signature)));
                Assert.True(SingleTweaks.OutputKey(Single.Public("public").ToXOnly(), blob.Tweak).Verify(blob.Message.Bytes, SchnorrSignature.Parse(one.Hex("signature"))));
            }
        }
    }

    [Fact]
    public async Task The_made_key_of_the_vectors_signs_from_its_self_sealed_wire()
    {
        var key = Signed.ParseKey(Single.Statement("made.statement"));
        using var enclave = Host(key.Value.Enclave);
        using var auth = SecretKey.Import(Single.Hex("made.statement.signatures.0.secret"));
        using var identity = Root.Secret("enclaves.0.identity_secret");
        using var made = SingleKeyEnvelope.OpenMade(identity, key, Single.Hex("made.self_seal.wire"));
        var owner = key.Value;
        using var blob = new SingleSignBlob(Hash32.Sha256([1]), new SingleTweak.None(), SecretBytes.CopyFrom(new byte[32]));
        var request = new SingleSign { Key = key.Hash, Request = Id16.Random(), Created = TestGroup.Created, Expires = TestGroup.Created + 1, Algorithm = SingleSignAlgorithm.Bip340, Sealed = default };
        var wire = SingleSignEnvelope.Seal(owner.Enclave.Key, key.Hash, request.Request, blob);
        var signed = StatementSigner.Sign(request with { Sealed = Hash32.Sha256(wire) }, auth);
        var reply = await enclave.Keys.SignAsync(new() { Key = key.Statement.ToWire(), KeySealed = Bytes("made.self_seal.wire"), Request = signed.Statement.ToWire(), Sealed = ByteString.CopyFrom(wire) });
        Assert.True(SingleAnswer.TryOpen(new byte[32], signed.Hash, reply.Answer.Span, out var signature));
        Assert.True(made.XOnlyPublicKey.Verify(blob.Message.Bytes, SchnorrSignature.Parse(signature)));

        var again = await enclave.Keys.AddAsync(new() { Key = key.Statement.ToWire(), Sealed = Bytes("made.request.wire") });
        var answer = MadeKeyAnswer.Open(Single.Hex("made.answer.response_secret"), Single.Hex("made.binding"), again.Answer.Span);
        Assert.Equal(Hash32.Sha256(again.SelfSealed.Span).ToArray(), answer.Sealed);
    }

    [Fact]
    public async Task The_make_key_request_of_the_vectors_is_answered_with_a_key_of_that_place()
    {
        var manifest = ProtocolVectors.Manifest();
        using var enclave = Host(manifest.Value.Enclaves[1], 1);
        var binding = Root.Hex("registrations.2.B");
        var reply = await enclave.Keys.MakeMemberKeyAsync(new()
        {
            Manifest = manifest.Statement.ToWire(),
            Binding = ByteString.CopyFrom(binding),
            Sealed = ByteString.CopyFrom(Root.Hex("registrations.2.make_key.request.wire")),
        });
        var answer = MadeKeyAnswer.Open(Root.Hex("registrations.2.make_key.answer.response_secret"), binding, reply.Answer.Span);
        Assert.True(answer.Key.ToXOnly().Verify(MemberKeyPlaintext.ProofDigest(binding, answer.Key).Bytes, answer.Proof!));
        using var identity = Root.Secret("enclaves.1.identity_secret");
        Assert.True(SelfSeal.TryOpen(identity, binding, answer.Sealed!, out var secret));
        using (secret)
        using (var key = SecretKey.Import(secret.Span))
        {
            Assert.Equal(answer.Key, key.PublicKey);
        }
        Assert.Equal(2, PlacedMember.Parse(binding).RequireMadeFor(manifest));
    }

    private static ByteString Bytes(string path) => ByteString.CopyFrom(Single.Hex(path));

    private static HostedEnclave Host(EnclaveKeys entry, int index = 0)
    {
        var identity = Root.Secret($"enclaves.{index}.identity_secret");
        var enclave = new HostedEnclave((uint)entry.Id, identities: [new EpochIdentity(entry.Epoch, identity, StatementKey.Derive(identity))]);
        Assert.Equal(entry, enclave.Entry);
        return enclave;
    }
}
