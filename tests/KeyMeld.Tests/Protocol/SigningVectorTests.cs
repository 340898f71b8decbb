using System.Numerics;
using System.Text.Json;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Protocol.Signing;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Secp256k1.Bip327;

namespace KeyMeld.Tests.Protocol;

/// <summary>Sections "signing", "rounds" and "and_adaptor" of the protocol vectors: one signing of five items by two enclaves and one home node.</summary>
public class SigningVectorTests
{
    private static readonly JsonElement Root = ProtocolVectors.Root;
    private static readonly BigInteger Order = BigInteger.Parse("0fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141", System.Globalization.NumberStyles.HexNumber, null);

    [Fact]
    public void The_request_verifies_against_the_roster_with_all_its_items()
    {
        var request = Request();
        Assert.Equal(Root.Text("signing.D"), request.Digest.ToString());
        Assert.Equal(5, request.Items.Count);
        Assert.Equal([NodeId.Enclave(0), NodeId.Enclave(1), NodeId.Home(3)], request.Nodes);
        Assert.True(request.HasAdaptors);
        Assert.True(ItemContexts.IsShown(request.Items[0]));
        Assert.False(ItemContexts.IsShown(request.Items[1]));
    }

    [Fact]
    public void The_decisions_of_the_vectors_are_counted_and_the_reject_is_final()
    {
        var request = Request();
        var rule = ApprovalRule.Of(request.Roster);
        var votes = Enumerable.Range(0, 3).Select(i => rule.Read(request.Digest, Root.Statement($"signing.approvals.{i}"))).ToArray();
        Assert.Equal([(1, Decision.Approve), (2, Decision.Approve), (3, Decision.Reject)], votes.Select(vote => (vote.Participant, vote.Decision)));
        Assert.Equal([2, 3], Assert.IsType<ApprovalState.Waiting>(rule.Evaluate(request.Request, votes[..1])).Signers);
        Assert.Equal([3], Assert.IsType<ApprovalState.Waiting>(rule.Evaluate(request.Request, votes[..2])).Signers);
        Assert.Equal(3, Assert.IsType<ApprovalState.Rejected>(rule.Evaluate(request.Request, votes)).By);
    }

    [Fact]
    public void Round_blobs_are_signed_by_their_nodes_and_hash_to_tau()
    {
        var request = Request();
        for (var i = 0; i < 3; i++)
        {
            foreach (var (round, purpose) in new[] { ("round1", Purposes.Round1), ("round2", Purposes.Round2) })
            {
                var path = $"rounds.{round}.{i}";
                var envelope = Envelope(path, request.Nodes[i], purpose == Purposes.Round2 ? Root.Hash("rounds.tau") : null);
                Assert.Equal(Root.Text(path + ".blob_digest"), Digest(envelope, purpose, request).ToString());
                var key = Root.XOnly($"rounds.nodes.{i}.key");
                Assert.True(envelope.Verify(purpose, request.Roster.RosterHash, request.Digest, key));
                Assert.False((envelope with { Attempt = 2 }).Verify(purpose, request.Roster.RosterHash, request.Digest, key));
                Assert.False((envelope with { Node = NodeId.Enclave(7) }).Verify(purpose, request.Roster.RosterHash, request.Digest, key));
                Assert.False((envelope with { Node = NodeId.Enclave(-1) }).Verify(purpose, request.Roster.RosterHash, request.Digest, key));
                Assert.False((envelope with { Tau = request.Digest }).Verify(purpose, request.Roster.RosterHash, request.Digest, key));
            }
        }
        Assert.Equal(Root.Text("rounds.tau"), Round1Set.Tau([.. Enumerable.Range(0, 3).Select(i => Hash32.Sha256(Root.Hex($"rounds.round1.{i}.wire")))]).ToString());
    }

    [Fact]
    public void Every_item_is_signed_from_the_nonces_and_partials_in_the_blobs()
    {
        var request = Request();
        var (nonces, partials) = Collect(request);
        Assert.Equal(15, nonces.Count);
        foreach (var secretNonce in Root.At("rounds.secret_nonces").EnumerateArray())
        {
            var pair = new RoundPair(secretNonce.GetProperty("item").GetInt32(), secretNonce.GetProperty("signer").GetInt32());
            Assert.Equal(secretNonce.Text("public_nonce"), nonces[pair].ToString());
        }
        for (var i = 0; i < 5; i++)
        {
            CheckItem(request, i, Root.At($"rounds.items.{i}"), nonces, partials);
        }
    }

    [Fact]
    public void The_result_is_signed_by_an_enclave_and_has_the_signatures_of_the_vectors()
    {
        var request = Request();
        using var secret = ProtocolVectors.SessionSecret();
        var cipher = new SessionCipher(secret, request.Roster.ManifestHash);
        var envelope = Envelope("rounds.result", NodeId.Enclave(1), Root.Hash("rounds.result.tau"));
        Assert.True(envelope.Verify(Purposes.Result, request.Roster.RosterHash, request.Digest, request.Roster.Manifest.Value.Enclaves[1].Sign));
        Assert.True(cipher.TryDecrypt(Purposes.Result, Aad.Result(request.Roster.RosterHash, request.Digest), envelope.Blob.Span, out var plaintext));
        var signatures = SigningResult.Parse(plaintext).Select(result => result switch
        {
            ItemResult.Completed completed => completed.Signature.ToString(),
            ItemResult.PreSigned preSigned => preSigned.PreSignature.ToString(),
            _ => "failed",
        }).ToArray();
        Assert.Equal(Root.At("rounds.items").EnumerateArray().Select(item => item.Text("signature")), signatures);
        var read = SignedResult.Open(request, cipher, envelope);
        Assert.Equal(signatures.Length, read.Count);
        for (var i = 0; i < read.Count; i++)
        {
            var expected = Root.At($"rounds.items.{i}");
            if (read[i] is ItemResult.PreSigned { Verified: { } verified })
            {
                using var adaptor = expected.Secret("adaptor_secret");
                Assert.Equal(expected.GetProperty("parity").GetInt32() == 1, verified.HasOddNonce);
                Assert.Equal(expected.Text("adapted"), verified.Adapt(adaptor).ToString());
                Assert.True(verified.TryExtract(SchnorrSignature.Parse(expected.Hex("adapted")), out var extracted));
                Assert.Equal(adaptor.PublicKey, extracted.PublicKey);
                extracted.Dispose();
            }
            else
            {
                Assert.Equal(request.Items[i].Adaptor is null, read[i] is ItemResult.Completed);
            }
        }
        Assert.Equal(request.Items.Count(item => item.Adaptor is not null), read.OfType<ItemResult.PreSigned>().Count());

        var failed = Assert.IsType<ItemResult.Failed>(Assert.Single(SigningResult.Parse(Root.Hex("rounds.result_with_error.bytes"))));
        Assert.Equal(NodeId.Home(3), failed.Node);
    }

    [Fact]
    public void And_adaptors_need_every_proof_and_their_sum()
    {
        var section = Root.GetProperty("and_adaptor");
        var roster = section.Hash("roster");
        var points = section.GetProperty("points").EnumerateArray().Select(point => PublicKey.Parse(Convert.FromHexString(point.GetString()!))).ToArray();
        Assert.Equal(section.Text("sum"), PublicKey.Combine(points).ToString());
        Assert.Equal(3, section.GetProperty("proofs").GetArrayLength());
        for (var i = 0; i < 3; i++)
        {
            var digest = AdaptorProof.Digest(roster, section.Id("signing"), section.Id("item"), i, points);
            Assert.Equal(section.Text($"proofs.{i}.digest"), digest.ToString());
            using var key = section.Secret($"proofs.{i}.secret");
            Assert.Equal(section.Text($"proofs.{i}.proof"), key.SignSchnorr(digest.Bytes, section.Hex($"proofs.{i}.aux")).ToString());
        }
        Assert.True(AdaptorProof.Verify(roster, section.Id("signing"), Request().Items[4]));
        Assert.All(ProtocolVectors.MustFail("points", 6), one => Assert.False(PointsVerify(one), one.Text("case")));
    }

    private static VerifiedRequest Request()
    {
        using var secret = ProtocolVectors.SessionSecret();
        return RequestVerifier.Verify(ProtocolVectors.Roster(), Root.Statement("signing.request"), Root.Hex("signing.items.wire"), secret);
    }

    private static RoundBlobEnvelope Envelope(string path, NodeId node, Hash32? tau) =>
        new(1, node, Root.Id(path + ".boot"), tau, Root.Hex(path + ".wire"), SchnorrSignature.Parse(Root.Hex(path + ".signature")));

    private static Hash32 Digest(RoundBlobEnvelope envelope, string purpose, VerifiedRequest request) =>
        RoundBlobEnvelope.Digest(purpose, request.Roster.RosterHash, request.Digest, envelope.Attempt, envelope.Node, envelope.Boot, envelope.Tau, envelope.BlobHash);

    private static (Dictionary<RoundPair, PublicNonce> Nonces, Dictionary<RoundPair, PartialSignature> Partials) Collect(VerifiedRequest request)
    {
        var (nonces, partials) = (new Dictionary<RoundPair, PublicNonce>(), new Dictionary<RoundPair, PartialSignature>());
        for (var node = 0; node < 3; node++)
        {
            var pairs = request.PairsOf(request.Nodes[node]);
            Assert.True(RoundPairs.TryAlign(request, pairs, RoundEntries.ParseRound1(Root.Hex($"rounds.round1.{node}.plaintext")), out var some));
            Assert.True(RoundPairs.TryAlign(request, pairs, RoundEntries.ParseRound2(Root.Hex($"rounds.round2.{node}.plaintext")), out var shares));
            for (var i = 0; i < pairs.Count; i++)
            {
                nonces.Add(pairs[i], PublicNonce.Parse(some[i].Span));
                partials.Add(pairs[i], PartialSignature.Parse(shares[i].Bytes));
            }
        }
        return (nonces, partials);
    }

    private static void CheckItem(VerifiedRequest request, int index, JsonElement expected, Dictionary<RoundPair, PublicNonce> nonces, Dictionary<RoundPair, PartialSignature> partials)
    {
        var item = request.Items[index];
        var keys = request.KeysOf(index);
        Assert.Equal(expected.GetProperty("signers").EnumerateArray().Select(signer => signer.GetInt32()), request.SignersOf(index));
        Assert.Equal(expected.GetProperty("chain").GetArrayLength(), request.Roster.ChainOf(item.Subset, item.Tweaks).Tweaks.Count);
        Assert.Equal(expected.Text("output_key"), keys.OutputKey.ToString());
        var nonce = AggregateNonce.Aggregate([.. request.SignersOf(index).Select(signer => nonces[new RoundPair(index, signer)])]);
        Assert.Equal(expected.Text("aggregate_nonce"), nonce.ToString());
        nonce = item.Adaptor is null ? nonce : nonce.WithAdaptor(item.Adaptor);
        Assert.Equal(expected.Text("aggregate_nonce_with_adaptor"), nonce.ToString());
        Assert.Equal(expected.Text("b"), Hash32.Tagged("MuSig/noncecoef", [.. nonce.Bytes, .. keys.OutputKey.Bytes, .. item.Message.Bytes]).ToString());

        var session = SigningSession.Create(nonce, item.Message.Bytes, keys);
        Assert.Equal(expected.Text("final_nonce")[2..], Convert.ToHexStringLower(session.FinalNonceX));
        Assert.Equal(expected.Text("challenge"), Hash32.Tagged("BIP0340/challenge", [.. session.FinalNonceX, .. keys.OutputKey.Bytes, .. item.Message.Bytes]).ToString());
        Assert.All(request.SignersOf(index), signer =>
            Assert.True(session.VerifyPartial(partials[new RoundPair(index, signer)], nonces[new RoundPair(index, signer)], request.Roster.Members[signer].Key)));
        Assert.All(request.SignersOf(index), signer =>
        {
            using var member = Root.Secret($"registrations.{signer}.member_secret");
            var secretNonce = Root.At("rounds.secret_nonces").EnumerateArray().Single(one => one.GetProperty("item").GetInt32() == index && one.GetProperty("signer").GetInt32() == signer);
            using var fixedNonce = VectorFile.Nonce(secretNonce.Hex("secret_nonce"), keys, item.Message.ToArray());
            Assert.Equal(partials[new RoundPair(index, signer)], session.Sign(fixedNonce, member));
        });
        var signature = session.Aggregate([.. request.SignersOf(index).Select(signer => partials[new RoundPair(index, signer)])]);
        Assert.Equal(expected.Text("signature"), signature.ToString());
        Assert.Equal(item.Adaptor is null, keys.OutputKey.Verify(item.Message.Bytes, signature));
        if (item.Adaptor is not null)
        {
            using var adaptor = expected.Secret("adaptor_secret");
            Assert.Equal(item.Adaptor, adaptor.PublicKey);
            var adapted = Adapt(signature, expected.Hex("adaptor_secret"), expected.GetProperty("parity").GetInt32());
            Assert.Equal(expected.Text("adapted"), adapted.ToString());
            Assert.True(keys.OutputKey.Verify(item.Message.Bytes, adapted));
        }
    }

    private static SchnorrSignature Adapt(SchnorrSignature signature, byte[] secret, int parity)
    {
        var s = new BigInteger(signature.Bytes[32..], isUnsigned: true, isBigEndian: true);
        var t = new BigInteger(secret, isUnsigned: true, isBigEndian: true);
        var sum = (s + (parity == 0 ? t : Order - t)) % Order;
        return SchnorrSignature.Parse([.. signature.Bytes[..32], .. sum.ToByteArray(isUnsigned: true, isBigEndian: true).AsSpan()]);
    }

    private static bool PointsVerify(JsonElement one)
    {
        try
        {
            // The file has the item alone, the parser reads a batch.
            var item = SigningItems.Parse([0x81, .. one.Hex("item")])[0];
            return AdaptorProof.Verify(one.Hash("roster"), one.Id("signing"), item);
        }
        catch (KeyMeld.Protocol.Errors.KeyMeldException)
        {
            return false;
        }
    }
}
