using System.Text.Json.Nodes;
using KeyMeld.Protocol.Groups;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Protocol.Signing;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;
using KeyMeld.Secp256k1.Memory;
using KeyMeld.Tests.Protocol.Support;
using static KeyMeld.Tests.Protocol.OwnVectors.Pieces;

namespace KeyMeld.Tests.Protocol.OwnVectors;

/// <summary>One signing from request to result, with fixed nonce randomness.</summary>
internal sealed class SigningVectors
{
    private const int Attempt = 1;

    private readonly Story _story;
    private readonly Roster _roster;
    private readonly Id16 _signing = Story.Id("signing");
    private readonly Dictionary<RoundPair, SecretNonce> _nonces = [];
    private readonly Dictionary<RoundPair, PartialSignature> _partials = [];

    public SigningVectors(Story story, Roster roster)
    {
        _story = story;
        _roster = roster;
    }

    public JsonObject Describe()
    {
        var items = MakeItems();
        var (sealedItems, wire) = Session("items", _story.Cipher, Purposes.SigningItems, Aad.SigningItems(_roster.RosterHash, _signing), SigningItems.Encode(items));
        var (json, statement) = Statement("request", MakeRequest(items.Length, wire), _story.Auths[0]);
        var request = RequestVerifier.Verify(_roster, statement, wire, _story.Secret);
        var (byCreator, _) = Statement("request by creator", MakeRequest(items.Length, wire) with { By = null, Signing = Story.Id("another signing") }, _story.Creator);
        var approval = new Approval { Request = request.Digest, User = Story.Id("user 2"), Decision = Decision.Approve, Created = Story.Created + 1 };
        return new JsonObject
        {
            ["items"] = sealedItems,
            ["request"] = json,
            ["request_by_creator"] = byCreator,
            ["approve"] = Statement("approve", approval, _story.Auths[2]).Json,
            ["reject"] = Statement("reject", approval with { User = Story.Id("user 3"), Decision = Decision.Reject }, _story.Auths[3]).Json,
            ["cancel"] = Statement("cancel", new Cancel { Request = request.Digest, Created = Story.Created + 2 }, _story.Auths[0]).Json,
            ["rounds"] = Rounds(request),
            ["and_adaptor"] = Adaptor(),
        };
    }

    private SigningItem[] MakeItems() =>
    [
        new() { Item = Story.Id("item 0"), Message = Hash32.Sha256("pay 1"u8), Context = ItemContexts.OfPreimage("pay 1"u8.ToArray()) },
        new() { Item = Story.Id("item 1"), Message = new Hash32(Story.Bytes("message 1")), Subset = _story.Subset },
        new() { Item = Story.Id("item 2"), Message = new Hash32(Story.Bytes("message 2")), Subset = _story.Subset, Tweaks = TweakChain.Empty },
    ];

    private SigningRequest MakeRequest(int items, byte[] wire) => new()
    {
        Roster = _roster.RosterHash,
        Signing = _signing,
        By = 0,
        Created = Story.Created,
        Expires = Story.Created + 600_000,
        Items = items,
        Signers = [0, 1, 2, 3],
        Sealed = Hash32.Sha256(wire),
    };

    private JsonObject Rounds(VerifiedRequest request)
    {
        var secrets = new JsonArray([.. request.Nodes.SelectMany(request.PairsOf).Select(pair => Draw(request, pair))]);
        var round1 = request.Nodes.Select(node => Blob(request, Purposes.Round1, node, null, Aad.Round1(_roster.RosterHash, request.Digest, Attempt, node), RoundEntries.Encode(
            (Round1Entry[])[.. request.PairsOf(node).Select(pair => new Round1Entry(request.Items[pair.Item].Item, pair.Signer, _nonces[pair].PublicNonce.Bytes.ToArray()))]))).ToArray();
        var tau = Round1Set.Tau([.. round1.Select(one => Hash32.Sha256(one.Wire))]);
        var results = Enumerable.Range(0, request.Items.Count).Select(item => Sign(request, item)).ToArray();
        var round2 = request.Nodes.Select(node => Blob(request, Purposes.Round2, node, tau, Aad.Round2(_roster.RosterHash, request.Digest, Attempt, node, tau), RoundEntries.Encode(
            (Round2Entry[])[.. request.PairsOf(node).Select(pair => new Round2Entry(request.Items[pair.Item].Item, pair.Signer, new Hash32(_partials[pair].Bytes)))]))).ToArray();
        var result = Blob(request, Purposes.Result, NodeId.Enclave(1), tau, Aad.Result(_roster.RosterHash, request.Digest), SigningResult.Encode(results));
        Assert.Equal(results, SignedResult.Open(request, _story.Cipher, result.Envelope));
        return new JsonObject
        {
            ["nonces"] = secrets,
            ["round1"] = new JsonArray([.. round1.Select(one => one.Json)]),
            ["tau"] = tau.ToString(),
            ["round2"] = new JsonArray([.. round2.Select(one => one.Json)]),
            ["signatures"] = new JsonArray([.. results.Cast<ItemResult.Completed>().Select(one => (JsonNode)one.Signature.ToString())]),
            ["result"] = result.Json,
            ["failed_result"] = Hex(SigningResult.Encode([new ItemResult.Failed(Story.Id("item 0"), "nonce_missing", NodeId.Home(3)), new ItemResult.Failed(Story.Id("item 1"), "internal")])),
        };
    }

    private JsonObject Draw(VerifiedRequest request, RoundPair pair)
    {
        var randomness = Story.Bytes($"randomness {pair.Item} {pair.Signer}");
        var extra = Story.Bytes($"extra input {pair.Item} {pair.Signer}");
        using var handle = SecretScalarHandle.CopyFrom(randomness);
        _nonces[pair] = SecretNonce.Generate(handle, _story.Members[pair.Signer], request.KeysOf(pair.Item), request.Items[pair.Item].Message.Bytes, extra, out var publicNonce);
        return new JsonObject { ["item"] = pair.Item, ["signer"] = pair.Signer, ["randomness"] = Hex(randomness), ["extra_input"] = Hex(extra), ["public_nonce"] = publicNonce.ToString() };
    }

    private ItemResult.Completed Sign(VerifiedRequest request, int item)
    {
        var signers = request.SignersOf(item).Select(signer => new RoundPair(item, signer)).ToArray();
        var session = SigningSession.Create(AggregateNonce.Aggregate([.. signers.Select(pair => _nonces[pair].PublicNonce)]), request.Items[item].Message.Bytes, request.KeysOf(item));
        foreach (var pair in signers)
        {
            _partials[pair] = session.Sign(_nonces[pair], _story.Members[pair.Signer]);
        }
        return new ItemResult.Completed(request.Items[item].Item, session.Aggregate([.. signers.Select(pair => _partials[pair])]));
    }

    private (JsonObject Json, byte[] Wire, RoundBlobEnvelope Envelope) Blob(VerifiedRequest request, string purpose, NodeId node, Hash32? tau, byte[] aad, byte[] plaintext)
    {
        var label = $"{purpose} {node}";
        var (json, wire) = Session(label, _story.Cipher, purpose, aad, plaintext);
        var boot = Story.Id($"boot of {node}");
        var digest = RoundBlobEnvelope.Digest(purpose, _roster.RosterHash, request.Digest, Attempt, node, boot, tau, Hash32.Sha256(wire));
        var (signed, signature) = Signature(label, node.Kind == NodeKind.Enclave ? _story.Statements[node.Index] : _story.Auths[node.Index], digest);
        json["node"] = new JsonArray((int)node.Kind, node.Index);
        json["boot"] = boot.ToString();
        json["digest"] = digest.ToString();
        json["signed"] = signed;
        return (json, wire, new RoundBlobEnvelope(Attempt, node, boot, tau, wire, signature));
    }

    private JsonObject Adaptor()
    {
        SecretKey[] secrets = [_story.Key("adaptor 0"), _story.Key("adaptor 1"), _story.Key("adaptor 2")];
        PublicKey[] points = [.. secrets.Select(secret => secret.PublicKey)];
        var item = Story.Id("adaptor item");
        var proofs = secrets.Select((secret, i) => Signature($"adaptor {i}", secret, AdaptorProof.Digest(_roster.RosterHash, _signing, item, i, points))).ToArray();
        var whole = new SigningItem
        {
            Item = item,
            Message = new Hash32(Story.Bytes("adaptor message")),
            Adaptor = PublicKey.Combine(points),
            Points = [.. points.Select((point, i) => new AdaptorPoint(point, proofs[i].Signature))],
        };
        Assert.True(AdaptorProof.Verify(_roster.RosterHash, _signing, whole));
        return new JsonObject { ["items"] = Hex(SigningItems.Encode([whole])), ["proofs"] = new JsonArray([.. proofs.Select(proof => proof.Json)]) };
    }
}
