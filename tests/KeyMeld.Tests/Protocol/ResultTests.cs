using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Protocol.Signing;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Protocol.Support;

namespace KeyMeld.Tests.Protocol;

/// <summary>Round entries against what is due, and results against the request.</summary>
public sealed class ResultTests : IDisposable
{
    private readonly Story _story = new();

    [Fact]
    public void Round_1_entries_may_be_missing_and_nothing_else()
    {
        var request = _story.Verify(_story.Request());
        var pairs = request.PairsOf(NodeId.Enclave(1));
        Round1Entry[] entries = [.. pairs.Select((pair, i) => new Round1Entry(request.Items[pair.Item].Item, pair.Signer, Nonce(i)))];
        Assert.True(RoundPairs.TryAlign(request, pairs, entries, out var all));
        Assert.Equal([1, 2, 3], all.Select(nonce => (int)nonce.Span[0]));
        Assert.True(RoundPairs.TryAlign(request, pairs, [entries[2]], out var some));
        Assert.Equal([true, true, false], some.Select(nonce => nonce.IsEmpty));
        Assert.False(RoundPairs.TryAlign(request, pairs, [entries[1], entries[0]], out _));
        Assert.False(RoundPairs.TryAlign(request, pairs, [entries[0], entries[0]], out _));
        Assert.False(RoundPairs.TryAlign(request, pairs, [entries[0] with { Signer = 0 }], out _));
        Assert.False(RoundPairs.TryAlign(request, pairs, [entries[0] with { Item = Story.Id("foreign") }], out _));
        Assert.False(RoundPairs.TryAlign(request, pairs, [.. entries, entries[2]], out _));
    }

    [Fact]
    public void Round_2_entries_are_exactly_those_due()
    {
        var request = _story.Verify(_story.Request());
        var pairs = request.PairsOf(NodeId.Enclave(1));
        Round2Entry[] entries = [.. pairs.Select((pair, i) => new Round2Entry(request.Items[pair.Item].Item, pair.Signer, Hash32.Sha256([(byte)i])))];
        Assert.True(RoundPairs.TryAlign(request, pairs, entries, out var all));
        Assert.Equal(entries.Select(entry => entry.Partial), all);
        Assert.True(RoundPairs.TryAlign(request, [], ReadOnlySpan<Round2Entry>.Empty, out _));
        Assert.False(RoundPairs.TryAlign(request, pairs, entries.AsSpan(1), out _));
        Assert.False(RoundPairs.TryAlign(request, pairs, [entries[1], entries[0], entries[2]], out _));
        Assert.False(RoundPairs.TryAlign(request, pairs.Take(2).ToArray(), entries, out _));
    }

    [Fact]
    public void G11_a_result_is_verified_down_to_every_signature()
    {
        var request = _story.Verify(_story.Request());
        var signatures = request.Items.Select((_, i) => Sign(request, i)).ToArray();
        ItemResult[] good = [.. request.Items.Select((item, i) => new ItemResult.Completed(item.Item, signatures[i]))];
        var opened = SignedResult.Open(request, _story.Cipher, Seal(request, good));
        Assert.Equal(signatures, opened.Cast<ItemResult.Completed>().Select(result => result.Signature));

        var failed = new ItemResult.Failed(good[1].Item, ErrorCodes.NonceMissing, NodeId.Home(3));
        Assert.Equal(failed, SignedResult.Open(request, _story.Cipher, Seal(request, [good[0], failed]))[1]);

        Refused(ErrorCodes.SignatureInvalid, request, Seal(request, [good[0], new ItemResult.Completed(good[1].Item, signatures[0])]));
        Refused(ErrorCodes.RoundBlobInvalid, request, Seal(request, [good[0]]));
        Refused(ErrorCodes.RoundBlobInvalid, request, Seal(request, [good[1], good[0]]));
        Refused(ErrorCodes.RoundBlobInvalid, request, Seal(request, [good[0], new ItemResult.PreSigned(good[1].Item, signatures[1])]));
        Refused(ErrorCodes.RoundBlobInvalid, request, Seal(request, [good[0], new ItemResult.Failed(good[1].Item, ErrorCodes.NonceMissing, NodeId.Enclave(2))]));
    }

    [Fact]
    public void G20_a_result_that_no_enclave_of_the_group_signed_names_nobody()
    {
        var request = _story.Verify(_story.Request());
        var envelope = Seal(request, [new ItemResult.Failed(request.Items[0].Item, ErrorCodes.NonceMissing, NodeId.Enclave(0)), new ItemResult.Failed(request.Items[1].Item, ErrorCodes.NonceMissing)]);
        Assert.Equal(2, SignedResult.Open(request, _story.Cipher, envelope).Count);
        var blob = envelope.Blob.ToArray();
        blob[^1] ^= 1;
        RoundBlobEnvelope[] altered =
        [
            envelope with { Attempt = 2 }, envelope with { Attempt = 0 }, envelope with { Node = NodeId.Enclave(0) }, envelope with { Node = NodeId.Enclave(2) }, envelope with { Node = NodeId.Enclave(-1) },
            envelope with { Node = NodeId.Home(1) }, envelope with { Boot = Id16.Random() }, envelope with { Tau = null }, envelope with { Tau = Hash32.Sha256([2]) }, envelope with { Blob = blob },
        ];
        Assert.All(altered, one => Refused(ErrorCodes.RelayFault, request, one));
        var other = _story.Verify(_story.Request(_story.MakeItems(4)));
        Refused(ErrorCodes.RelayFault, other, envelope);
    }

    [Fact]
    public void A_signed_result_that_does_not_open_is_its_nodes_fault()
    {
        var request = _story.Verify(_story.Request());
        var envelope = RoundBlobEnvelope.Sign(Purposes.Result, _story.Roster.RosterHash, request.Digest, 1, NodeId.Enclave(1), Story.Id("boot"), Hash32.Sha256([1]), new byte[40], _story.Statements[1]);
        Refused(ErrorCodes.RoundBlobInvalid, request, envelope);
        var garbage = _story.Cipher.Encrypt(Purposes.Result, Aad.Result(_story.Roster.RosterHash, request.Digest), [0x80]);
        Refused(ErrorCodes.RoundBlobInvalid, request, RoundBlobEnvelope.Sign(Purposes.Result, _story.Roster.RosterHash, request.Digest, 1, NodeId.Enclave(1), Story.Id("boot"), Hash32.Sha256([1]), garbage, _story.Statements[1]));
    }

    public void Dispose() => _story.Dispose();

    private static ReadOnlyMemory<byte> Nonce(int i) => Enumerable.Repeat((byte)(i + 1), RoundEntries.NonceSize).ToArray();

    private SchnorrSignature Sign(VerifiedRequest request, int item)
    {
        var keys = request.KeysOf(item);
        var message = request.Items[item].Message;
        var signers = request.SignersOf(item);
        var nonces = signers.Select(signer => SecretNonce.Generate(_story.Members[signer], keys, message.Bytes, Story.Bytes("extra"), out _)).ToArray();
        var session = SigningSession.Create(AggregateNonce.Aggregate([.. nonces.Select(nonce => nonce.PublicNonce)]), message.Bytes, keys);
        return session.Aggregate([.. signers.Select((signer, i) => session.Sign(nonces[i], _story.Members[signer]))]);
    }

    private RoundBlobEnvelope Seal(VerifiedRequest request, IReadOnlyList<ItemResult> results) => SignedResult.Seal(request, _story.Cipher, results, 1, 1, Story.Id("boot"), Hash32.Sha256([1]), _story.Statements[1]);

    private void Refused(string code, VerifiedRequest request, RoundBlobEnvelope envelope) =>
        Assert.Equal(code, Assert.Throws<KeyMeldException>(() => SignedResult.Open(request, _story.Cipher, envelope)).Code);
}
