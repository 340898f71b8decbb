using System.Text.Json;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Keys;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Protocol.Statements;

namespace KeyMeld.Tests.Protocol;

/// <summary>Session encryption, answers, self-seals: keys, aads and wires of the protocol vectors.</summary>
public class EncryptionVectorTests
{
    private static readonly JsonElement Root = ProtocolVectors.Root;

    [Fact]
    public void Every_session_ciphertext_is_made_and_opened_to_the_byte()
    {
        var cases = ProtocolVectors.Find(one => one.Has("wire") && one.Has("session_secret"));
        Assert.Equal(13, cases.Count);
        foreach (var one in cases)
        {
            using var secret = SessionSecret.Import(one.Hex("session_secret"));
            var cipher = new SessionCipher(secret, one.Hash("manifest_hash"));
            var key = new byte[32];
            cipher.DeriveKey(one.Text("purpose"), one.Hex("aad"), key);
            Assert.Equal(one.Text("key"), Convert.ToHexStringLower(key));
            Assert.Equal(one.Text("wire"), Convert.ToHexStringLower(AesGcmWire.Encrypt(key, one.Hex("nonce"), one.Hex("aad"), one.Hex("plaintext"))));
            Assert.True(cipher.TryDecrypt(one.Text("purpose"), one.Hex("aad"), one.Hex("wire"), out var plaintext));
            Assert.Equal(one.Text("plaintext"), Convert.ToHexStringLower(plaintext));
            Assert.True(cipher.TryDecrypt(one.Text("purpose"), one.Hex("aad"), cipher.Encrypt(one.Text("purpose"), one.Hex("aad"), plaintext), out var again));
            Assert.Equal(plaintext, again);
        }
    }

    [Fact]
    public void Every_session_ciphertext_that_must_not_open_does_not()
    {
        Assert.All(ProtocolVectors.MustFail("session", 13), one =>
        {
            using var secret = SessionSecret.Import(one.Hex("session_secret"));
            var cipher = new SessionCipher(secret, one.Hash("manifest_hash"));
            Assert.False(cipher.TryDecrypt(one.Text("purpose"), one.Hex("aad"), one.Hex("wire"), out _), one.Text("case"));
        });
    }

    [Fact]
    public void Every_aad_is_built_as_the_vectors_have_it()
    {
        var manifest = Root.Hash("manifest.manifest_hash");
        var roster = Root.Hash("roster.roster_hash");
        var request = Root.Hash("signing.D");
        var signing = Id16.Parse(Root.Text("and_adaptor.signing"));
        var binding = Root.Hex("registrations.2.B");
        var tau = Root.Hash("rounds.tau");
        NodeId[] nodes = [NodeId.Enclave(0), NodeId.Enclave(1), NodeId.Home(3)];

        Same("manifest.session_secrets.0.aad", Aad.SessionSecret(manifest, 0));
        Same("manifest.session_secrets.1.aad", Aad.SessionSecret(manifest, 1));
        Same("manifest.encrypted_terms.aad", Aad.Terms());
        Same("registrations.2.member_key.aad", Aad.MemberKey(binding));
        Same("registrations.2.make_key.request.aad", Aad.MakeKey(binding));
        Same("registrations.2.make_key.self_seal.aad", Aad.SelfSeal(binding));
        Same("registrations.2.make_key.answer.aad", Aad.MadeKey(binding));
        Same("signing.items.aad", Aad.SigningItems(roster, signing));
        Same("rounds.result.aad", Aad.Result(roster, request));
        for (var i = 0; i < nodes.Length; i++)
        {
            Same($"rounds.round1.{i}.aad", Aad.Round1(roster, request, 1, nodes[i]));
            Same($"rounds.round2.{i}.aad", Aad.Round2(roster, request, 1, nodes[i], tau));
        }
        var single = SingleSign.Parse(Root.Hex("single_key.sign.0.statement.bytes"));
        Same("single_key.import.aad", Aad.SingleKey(Root.Hex("single_key.binding")));
        Same("single_key.sign.0.blob.aad", Aad.SingleSign(single.Key, single.Request));
        Same("single_key.sign.0.answer.aad", Aad.SingleAnswer(Hash32.Sha256(Root.Hex("single_key.sign.0.statement.bytes"))));
    }

    [Fact]
    public void Answers_about_keys_open_and_say_what_the_vectors_say()
    {
        var member = Root.At("registrations.2.make_key");
        var answer = MadeKeyAnswer.Open(member.Hex("answer.response_secret"), Root.Hex("registrations.2.B"), member.Hex("answer.wire"));
        Assert.Equal(Root.Text("registrations.2.member_public"), answer.Key.ToString());
        Assert.Equal(Root.Text("registrations.2.pop"), answer.Proof!.ToString());
        Assert.Equal(member.Text("self_seal.wire"), Convert.ToHexStringLower(answer.Sealed!));
        Assert.Equal(member.Text("answer.plaintext"), Convert.ToHexStringLower(answer.Encode()));

        var imported = MadeKeyAnswer.Open(Root.Hex("single_key.import_answer.response_secret"), Root.Hex("single_key.binding"), Root.Hex("single_key.import_answer.wire"));
        Assert.Equal((Root.Text("single_key.public"), null, null), (imported.Key.ToString(), imported.Proof, imported.Sealed));
        Assert.Equal(Root.Text("single_key.import_answer.plaintext"), Convert.ToHexStringLower(imported.Encode()));

        var made = MadeKeyAnswer.Open(Root.Hex("single_key.made.answer.response_secret"), Root.Hex("single_key.made.binding"), Root.Hex("single_key.made.answer.wire"));
        Assert.Equal(Hash32.Sha256(Root.Hex("single_key.made.self_seal.wire")).ToArray(), made.Sealed);
        Assert.Equal(Root.Text("single_key.made.answer.plaintext"), Convert.ToHexStringLower(made.Encode()));
        Assert.Throws<KeyMeld.Protocol.Errors.KeyMeldException>(() => MadeKeyAnswer.Open(new byte[32], Root.Hex("single_key.made.binding"), Root.Hex("single_key.made.answer.wire")));
    }

    [Fact]
    public void Self_sealed_secrets_open_for_their_enclave_and_binding_alone()
    {
        (string Sealed, string Binding, int Enclave)[] cases = [("registrations.2.make_key.self_seal", "registrations.2.B", 1), ("single_key.made.self_seal", "single_key.made.binding", 0)];
        foreach (var (path, binding, enclave) in cases)
        {
            using var identity = Root.Secret($"enclaves.{enclave}.identity_secret");
            using var other = Root.Secret($"enclaves.{1 - enclave}.identity_secret");
            Assert.True(SelfSeal.TryOpen(identity, Root.Hex(binding), Root.Hex(path + ".wire"), out var secret));
            using (secret)
            {
                Assert.Equal(Root.Text(path + ".plaintext"), Convert.ToHexStringLower(secret.Span));
            }
            Assert.False(SelfSeal.TryOpen(other, Root.Hex(binding), Root.Hex(path + ".wire"), out _));
            Assert.False(SelfSeal.TryOpen(identity, Root.Hex("registrations.0.B"), Root.Hex(path + ".wire"), out _));
        }
    }

    [Fact]
    public void Answers_with_signatures_open_to_the_signature()
    {
        var cases = Root.At("single_key.sign").EnumerateArray().ToArray();
        Assert.Equal(4, cases.Length);
        Assert.All(cases, one =>
        {
            var hash = Hash32.Sha256(one.Hex("statement.bytes"));
            Assert.True(SingleAnswer.TryOpen(one.Hex("answer.response_secret"), hash, one.Hex("answer.wire"), out var signature));
            Assert.Equal(one.Text("signature"), Convert.ToHexStringLower(signature));
            Assert.True(SingleAnswer.TryOpen(one.Hex("answer.response_secret"), hash, SingleAnswer.Encrypt(one.Hex("answer.response_secret"), hash, signature), out _));
            Assert.False(SingleAnswer.TryOpen(one.Hex("answer.response_secret"), Hash32.Sha256([1]), one.Hex("answer.wire"), out _));
        });
    }

    private static void Same(string path, byte[] aad) => Assert.Equal(Root.Text(path), Convert.ToHexStringLower(aad));
}
