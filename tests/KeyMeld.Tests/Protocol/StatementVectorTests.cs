using System.Text.Json;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Tests.Protocol;

/// <summary>Every signed statement of the protocol vectors: bytes, digest, signatures, and what the bytes say.</summary>
public class StatementVectorTests
{
    private static readonly JsonElement Root = ProtocolVectors.Root;

    [Fact]
    public void Every_statement_has_the_digest_and_the_signatures_of_the_vectors()
    {
        var statements = ProtocolVectors.Find(one => one.Has("type") && one.Has("bytes") && one.Has("signatures"));
        Assert.Equal(21, statements.Count);
        Assert.Equal(9, statements.Select(one => one.Text("type")).Distinct().Count());
        foreach (var one in statements)
        {
            var digest = StatementDigest.Of(one.Text("type"), one.Hex("bytes"));
            Assert.Equal(one.Text("digest"), digest.ToString());
            Assert.Equal(one.Text("sha256"), Hash32.Sha256(one.Hex("bytes")).ToString());
            Assert.Equal(one.Text("type") == "registration" ? 2 : 1, one.GetProperty("signatures").GetArrayLength());
            foreach (var signature in one.GetProperty("signatures").EnumerateArray())
            {
                using var key = signature.Secret("secret");
                Assert.Equal(signature.Text("public"), key.XOnlyPublicKey.ToString());
                Assert.Equal(signature.Text("signature"), key.SignSchnorr(digest.Bytes, signature.Hex("aux")).ToString());
                Assert.True(key.XOnlyPublicKey.Verify(digest.Bytes, StatementSigner.Sign(one.Text("type"), one.Hex("bytes"), key)));
            }
        }
    }

    [Fact]
    public void Every_statement_verifies_with_the_key_of_the_vectors_and_with_no_other()
    {
        Verifies<Manifest>("manifest.statement");
        Verifies<Manifest>("manifest.minimal");
        Verifies<Registration>("registrations.0.statement");
        Verifies<SigningRequest>("signing.request");
        Verifies<SigningRequest>("signing.by_creator");
        Verifies<Approval>("signing.approvals.0");
        Verifies<Cancel>("signing.cancel");
        Verifies<Erase>("erase.0");
        Verifies<Erase>("erase.1");
        Verifies<KeyStatement>("single_key.statement");
        Verifies<SingleSign>("single_key.sign.0.statement");
        Verifies<KeyErase>("single_key.erase");
    }

    [Fact]
    public void Every_signature_that_must_not_verify_does_not()
    {
        Assert.All(ProtocolVectors.MustFail("signature", 10), one =>
        {
            var verifies = XOnlyPublicKey.TryParse(one.Hex("public"), out var key)
                && SchnorrSignature.TryParse(one.Hex("signature"), out var signature)
                && key.Verify(StatementDigest.Of(one.Text("type"), one.Hex("bytes")).Bytes, signature);
            Assert.False(verifies, one.Text("case"));
        });
    }

    [Fact]
    public void A_manifest_says_what_the_vectors_say()
    {
        var manifest = ProtocolVectors.Manifest();
        Assert.Equal(Root.Hash("manifest.manifest_hash"), manifest.Digest);
        Assert.Equal((1800000000000, 1800086400000, 1802592000000), (manifest.Value.Created, manifest.Value.JoinBy, manifest.Value.SignUntil));
        Assert.Equal((true, false), (manifest.Value.CreatorRequests, manifest.Value.Unattended));
        Assert.Equal([7, 9], manifest.Value.Enclaves.Select(enclave => enclave.Id));
        Assert.Equal([0, 1, 1, null], manifest.Value.Participants.Select(participant => participant.Enclave));
        Assert.Equal([0, 2], manifest.Value.Subsets[0].Members);
        Assert.Equal(2, manifest.Value.Approvals.Threshold);
        Assert.Equal(Root.Hash("manifest.terms_hash"), manifest.Value.Terms);

        var minimal = Signed.ParseManifest(Root.Statement("manifest.minimal")).Value;
        Assert.Equal((null, null, false, true, 0), (minimal.JoinBy, minimal.SignUntil, minimal.CreatorRequests, minimal.Unattended, minimal.Approvals.Threshold));
    }

    [Fact]
    public void Two_signatures_of_one_key_or_one_of_two_do_not_make_a_registration()
    {
        var manifest = ProtocolVectors.Manifest();
        Assert.All(ProtocolVectors.MustFail("registration", 3), one =>
        {
            var statement = new SignedStatement(one.Hex("statement"), [.. one.GetProperty("signatures").EnumerateArray().Select(signature => SchnorrSignature.Parse(Convert.FromHexString(signature.GetString()!)))]);
            var refusal = Assert.Throws<KeyMeldException>(() => Signed.ParseRegistration(statement, manifest.Value.Participants[0].Admission));
            Assert.Equal(ErrorCodes.RegistrationInvalid, refusal.Code);
        });
    }

    private static void Verifies<T>(string path)
        where T : class, IStatement<T>
    {
        var statement = Root.Statement(path);
        var keys = Root.At(path).GetProperty("signatures").EnumerateArray().Select(one => one.XOnly("public")).ToArray();
        var verified = Signed.Read<T>(statement).Verify(ErrorCodes.StatementInvalid, keys);
        Assert.Equal(Root.Text(path + ".bytes"), Convert.ToHexStringLower(verified.Value.Encode()));
        using var stranger = SecretKey.Generate();
        Assert.False(Signed.Read<T>(statement).TryVerify([.. keys[..^1], stranger.XOnlyPublicKey], out _));
        Assert.False(Signed.Read<T>(statement).TryVerify([.. keys, keys[^1]], out _));
        Assert.False(Signed.Read<T>(statement).TryVerify([], out _));
        Assert.False(Signed.Read<T>(new SignedStatement(statement.Statement, [])).TryVerify([], out _));
    }
}
