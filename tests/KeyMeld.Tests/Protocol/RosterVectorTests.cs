using System.Text.Json;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Groups;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Support;

namespace KeyMeld.Tests.Protocol;

/// <summary>Sections "manifest", "registrations" and "roster" of the protocol vectors: forming the group of the story.</summary>
public class RosterVectorTests
{
    private static readonly JsonElement Root = ProtocolVectors.Root;

    [Fact]
    public void The_session_secret_opens_at_each_enclave_and_nowhere_else()
    {
        var manifest = ProtocolVectors.Manifest().Digest;
        for (var i = 0; i < 2; i++)
        {
            using var identity = Root.Secret($"enclaves.{i}.identity_secret");
            using var secret = SessionSecretEnvelope.Open(identity, manifest, i, Root.Hex($"manifest.session_secrets.{i}.wire"));
            Assert.Equal(Root.Text("manifest.session_secret"), Convert.ToHexStringLower(secret.Span));
            var refusal = Assert.Throws<KeyMeldException>(() => SessionSecretEnvelope.Open(identity, manifest, 1 - i, Root.Hex($"manifest.session_secrets.{i}.wire")));
            Assert.Equal(ErrorCodes.SessionSecretUnreadable, refusal.Code);
            using var again = SessionSecretEnvelope.Open(identity, manifest, i, SessionSecretEnvelope.Seal(identity.PublicKey, manifest, i, secret));
            Assert.Equal(secret.Span, again.Span);
        }
    }

    [Fact]
    public void The_terms_open_and_are_those_the_manifest_commits_to()
    {
        using var secret = ProtocolVectors.SessionSecret();
        var manifest = ProtocolVectors.Manifest();
        var terms = TermsEnvelope.Open(manifest, secret, Root.Hex("manifest.encrypted_terms.wire"));
        Assert.Equal("vectors", terms.Label);
        Assert.Equal(Root.Text("manifest.terms"), Convert.ToHexStringLower(terms.Encode()));
        Assert.Equal(Root.Hash("manifest.terms_hash"), TermsEnvelope.Commit(secret, Root.Hex("manifest.terms")));

        var others = new Terms { Tweaks = TweakChain.Empty, Subsets = new Dictionary<Id16, TweakChain>() };
        var refusal = Assert.Throws<KeyMeldException>(() => TermsEnvelope.Open(manifest, secret, TermsEnvelope.Seal(secret, manifest.Digest, others.Encode())));
        Assert.Equal(ErrorCodes.TermsMismatch, refusal.Code);
    }

    [Fact]
    public void Every_registration_has_the_binding_proof_and_key_of_the_vectors()
    {
        using var secret = ProtocolVectors.SessionSecret();
        var verifier = new RegistrationVerifier(ProtocolVectors.Manifest(), secret);
        foreach (var one in Root.GetProperty("registrations").EnumerateArray())
        {
            var member = verifier.Admit(one.Statement("statement"));
            Assert.Equal(one.GetProperty("index").GetInt32(), member.Index);
            Assert.Equal(one.Text("B"), Convert.ToHexStringLower(member.Binding.Span));
            Assert.Equal(one.Text("member_public"), member.Key.ToString());
            Assert.Equal(one.Text("pop"), member.Proof.ToString());
            Assert.Equal(one.Text("pop_digest"), MemberKeyPlaintext.ProofDigest(member.Binding.Span, member.Key).ToString());
            using var key = one.Secret("member_secret");
            Assert.Equal(one.Text("pop"), key.SignSchnorr(one.Hex("pop_digest"), one.Hex("pop_aux")).ToString());
        }
        Assert.Equal(4, verifier.Members.Count(member => member is not null));
        Assert.Equal([KeySource.Imported, KeySource.Imported, KeySource.Made, KeySource.Home], verifier.Members.Select(member => member!.Source));
        Assert.Equal([true, false, true, true], verifier.Members.Select(member => member!.Approval));
    }

    [Fact]
    public void Every_envelope_opens_at_its_enclave_to_the_registered_key()
    {
        var roster = ProtocolVectors.Roster();
        (int Place, int Enclave, string Wire)[] cases = [(0, 0, "registrations.0.envelope.wire"), (1, 1, "registrations.1.envelope.wire"), (2, 1, "registrations.2.make_key.self_seal.wire")];
        foreach (var (place, enclave, wire) in cases)
        {
            using var identity = Root.Secret($"enclaves.{enclave}.identity_secret");
            using var key = MemberEnvelope.Open(identity, roster.Members[place], Root.Hex(wire));
            Assert.Equal(Root.Text($"registrations.{place}.member_public"), key.PublicKey.ToString());
            using var other = Root.Secret($"enclaves.{1 - enclave}.identity_secret");
            Assert.Equal(ErrorCodes.EnvelopeUnreadable, Assert.Throws<KeyMeldException>(() => MemberEnvelope.Open(other, roster.Members[place], Root.Hex(wire))).Code);
            Assert.Equal(ErrorCodes.EnvelopeMismatch, Assert.Throws<KeyMeldException>(() => MemberEnvelope.Open(identity, roster.Members[place], Root.Hex(cases[(place + 1) % 3].Wire))).Code);
        }
    }

    [Fact]
    public void The_roster_has_the_hashes_and_keys_of_the_vectors()
    {
        var roster = ProtocolVectors.Roster();
        var section = Root.GetProperty("roster");
        Assert.Equal(section.GetProperty("registration_hashes").EnumerateArray().Select(hash => hash.GetString()), roster.Members.Select(member => member.Registration.Statement.Hash.ToString()));
        Assert.Equal(section.Text("roster_hash"), roster.RosterHash.ToString());
        Assert.Equal(section.Text("fingerprint"), roster.Fingerprint);
        Assert.Equal(40, roster.Fingerprint.Length);
        var untweaked = roster.KeysOf(null, TweakChain.Empty);
        Assert.Equal(section.GetProperty("sorted_member_keys").EnumerateArray().Select(key => key.GetString()), untweaked.Keys.Select(key => key.ToString()));
        Assert.Equal(section.Text("aggregate_untweaked"), untweaked.AggregateKey.ToString());
        Assert.Equal(section.GetProperty("output_keys").EnumerateArray().Select(key => key.Text("key")), roster.OutputKeys.Select(key => key.ToString()));
        Assert.Equal(3, roster.OutputKeys.Count);
        Assert.Equal(section.Text("output_keys_hash"), roster.OutputKeysHash.ToString());
    }

    [Fact]
    public void Receipts_of_all_enclaves_and_of_them_alone_confirm_the_roster()
    {
        var roster = ProtocolVectors.Roster();
        var receipts = Root.At("roster.receipts").EnumerateArray().Select(one => new Receipt(one.GetProperty("enclave").GetInt32(), SchnorrSignature.Parse(one.Hex("signature")))).ToArray();
        Assert.Equal(2, receipts.Length);
        Assert.All(receipts, receipt => Assert.Equal(Root.Text($"roster.receipts.{receipt.Enclave}.digest"), Receipt.Digest(roster.RosterHash, receipt.Enclave, roster.OutputKeysHash).ToString()));
        Receipt.VerifyAll(roster, receipts);
        Receipt.VerifyAll(roster, [receipts[1], receipts[0]]);
        using var statementKey = Root.Secret("enclaves.1.statement_secret");
        Receipt.VerifyAll(roster, [receipts[0], Receipt.Sign(roster, 1, statementKey)]);

        Receipt[][] wrong = [[receipts[0]], [receipts[0], receipts[0]], [receipts[0], receipts[1], receipts[1]], [receipts[0], receipts[1] with { Enclave = 0 }], [receipts[0], receipts[0] with { Enclave = 1 }]];
        Assert.All(wrong, some => Assert.Equal(ErrorCodes.ReceiptInvalid, Assert.Throws<KeyMeldException>(() => Receipt.VerifyAll(roster, some)).Code));
    }

    [Fact]
    public void The_root_of_the_script_tree_is_that_of_the_vectors()
    {
        var items = SigningItems.Parse(Root.Hex("signing.items.plaintext"));
        var taproot = items.Select(item => item.Tweaks).OfType<TweakChain>().SelectMany(chain => chain.Tweaks).OfType<Tweak.Taproot>().Concat(Taproots()).ToArray();
        Assert.Contains(taproot, tweak => ScriptTrees.Root(tweak.Tree).ToString() == Root.Text("manifest.taproot.root"));
    }

    [Fact]
    public void Script_trees_and_tap_tweaks_agree_with_BIP_341()
    {
        var cases = Vectors.Json("bip341", "wallet-test-vectors.json").GetProperty("scriptPubKey").EnumerateArray().ToArray();
        Assert.Equal(7, cases.Length);
        foreach (var one in cases)
        {
            var internalKey = one.XOnly("given.internalPubkey");
            Hash32? root = one.At("given.scriptTree").ValueKind == JsonValueKind.Null ? null : ScriptTrees.Root(Tree(one.At("given.scriptTree")));
            Assert.Equal(one.At("intermediary.merkleRoot").GetString(), root?.ToString());
            var tweak = TweakChains.TapTweak(internalKey, root);
            Assert.Equal(one.Text("intermediary.tweak"), tweak.ToString());
            Assert.Equal(one.Text("intermediary.tweakedPubkey"), internalKey.WithTweak(tweak.Bytes).ToXOnly().ToString());
        }
    }

    private static IEnumerable<Tweak.Taproot> Taproots()
    {
        var terms = Terms.Parse(Root.Hex("manifest.terms"));
        return terms.Subsets.Values.Append(terms.Tweaks).SelectMany(chain => chain.Tweaks).OfType<Tweak.Taproot>();
    }

    private static ScriptTree Tree(JsonElement tree) => tree.ValueKind == JsonValueKind.Array
        ? new ScriptTree.Branch(Tree(tree[0]), Tree(tree[1]))
        : new ScriptTree.Leaf(tree.GetProperty("leafVersion").GetInt32(), tree.Hex("script"));
}
