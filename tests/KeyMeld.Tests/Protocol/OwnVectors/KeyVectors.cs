using System.Text;
using System.Text.Json.Nodes;
using KeyMeld.Protocol.Groups;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Keys;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Protocol.Support;
using static KeyMeld.Tests.Protocol.OwnVectors.Pieces;

namespace KeyMeld.Tests.Protocol.OwnVectors;

/// <summary>Made and single-signer keys, and calls over HTTP.</summary>
internal sealed class KeyVectors(Story story)
{
    private readonly SecretKey _auth = story.Key("single auth");
    private readonly SecretKey _single = story.Key("single key");
    private readonly byte[] _response = Story.Bytes("response secret");

    public JsonObject MadeMember()
    {
        var binding = MemberBinding.Of(story.Manifest.Digest, Story.Id("user 2"), 1, story.Auths[2].XOnlyPublicKey, true, KeySource.Made);
        var (proof, signature) = Signature("made proof", story.Members[2], MemberKeyPlaintext.ProofDigest(binding, story.Members[2].PublicKey));
        var (sealedSecret, wire) = SelfSealed("made member", story.Identities[1], binding, story.Members[2]);
        var answer = new MadeKeyAnswer(story.Members[2].PublicKey, signature, wire);
        return new JsonObject
        {
            ["b"] = Hex(binding),
            ["request"] = Hpke("make-key", story.Identities[1], Purposes.MakeKey, Aad.MakeKey(binding), _response).Json,
            ["proof"] = proof,
            ["self_seal"] = sealedSecret,
            ["answer"] = Answer("made member", binding, answer),
        };
    }

    public JsonObject Single()
    {
        var statement = new KeyStatement
        {
            Key = Story.Id("key"),
            User = Story.Id("key user"),
            Auth = _auth.XOnlyPublicKey,
            Enclave = story.Manifest.Value.Enclaves[0],
            Source = KeySource.Imported,
            Envelope = Hash32.Sha256([]),
            Created = Story.Created,
        };
        var binding = SingleKeyBinding.Of(statement);
        using var secret = _single.Export();
        var (imported, wire) = Hpke("import", story.Identities[0], Purposes.SingleKey, Aad.SingleKey(binding), [.. secret.Span, .. _response]);
        var (key, signed) = Statement("key", statement with { Envelope = Hash32.Sha256(wire) }, _auth);
        var made = statement with { Key = Story.Id("made key"), Source = KeySource.Made, Envelope = null };
        var madeBinding = SingleKeyBinding.Of(made);
        var (selfSeal, sealedWire) = SelfSealed("made single", story.Identities[0], madeBinding, _single);
        return new JsonObject
        {
            ["kb"] = Hex(binding),
            ["import"] = imported,
            ["key"] = key,
            ["answer"] = Answer("import", binding, new MadeKeyAnswer(_single.PublicKey, null, null)),
            ["made_kb"] = Hex(madeBinding),
            ["made_key"] = Statement("made key", made, _auth).Json,
            ["made_request"] = Hpke("make single", story.Identities[0], Purposes.MakeKey, Aad.MakeKey(madeBinding), _response).Json,
            ["made_self_seal"] = selfSeal,
            ["made_answer"] = Answer("made single", madeBinding, new MadeKeyAnswer(_single.PublicKey, null, Hash32.Sha256(sealedWire).ToArray())),
            ["sign"] = new JsonArray(
                Sign(signed.Hash, SingleSignAlgorithm.Bip340, new SingleTweak.None()),
                Sign(signed.Hash, SingleSignAlgorithm.Bip340, new SingleTweak.Bip86()),
                Sign(signed.Hash, SingleSignAlgorithm.Bip340, new SingleTweak.Root(new Hash32(Story.Bytes("root")))),
                Sign(signed.Hash, SingleSignAlgorithm.Ecdsa, new SingleTweak.None())),
            ["erase"] = Statement("key erase", new KeyErase { Key = signed.Hash, Created = Story.Created + 5 }, _auth).Json,
        };
    }

    public JsonArray Http() =>
    [
        Call("GET", "keymeld.example", $"/api/v1/keygen/{story.Manifest.Digest}", []),
        Call("GET", "127.0.0.1:8090", "/api/v1/signing/00?wait=1&x=%2F", []),
        Call("POST", "[::1]:8443", "/api/v1/keygen", Encoding.UTF8.GetBytes("{}")),
    ];

    private JsonObject Sign(Hash32 key, SingleSignAlgorithm algorithm, SingleTweak tweak)
    {
        var label = $"{algorithm} {tweak.GetType().Name}";
        var request = Story.Id("single " + label);
        using var blob = new SingleSignBlob(new Hash32(Story.Bytes("single message")), tweak, SecretBytes.CopyFrom(_response));
        using var plaintext = blob.Encode();
        using var again = SingleSignBlob.Parse(plaintext.Span);
        Assert.Equal((blob.Message, blob.Tweak), (again.Message, again.Tweak));
        var (sealedBlob, wire) = Hpke("single " + label, story.Identities[0], Purposes.SingleSign, Aad.SingleSign(key, request), plaintext.Span);
        var (json, signed) = Statement("single " + label, new SingleSign { Key = key, Request = request, Created = Story.Created, Expires = Story.Created + 600_000, Algorithm = algorithm, Sealed = Hash32.Sha256(wire) }, _auth);
        // What a signature is made of is not this file's subject: 64 fixed bytes stand for it.
        byte[] signature = [.. Story.Bytes("r of " + label), .. Story.Bytes("s of " + label)];
        var (answer, answerWire) = Derived("single answer " + label, _response, "KeyMeld/v1/single-answer", Aad.SingleAnswer(signed.Hash), signature);
        Assert.True(SingleAnswer.TryOpen(_response, signed.Hash, answerWire, out var opened));
        Assert.Equal(signature, opened);
        return new JsonObject { ["blob"] = sealedBlob, ["statement"] = json, ["answer"] = answer };
    }

    private JsonObject Answer(string label, byte[] binding, MadeKeyAnswer answer)
    {
        var (json, wire) = Derived("answer " + label, _response, "KeyMeld/v1/made-key", Aad.MadeKey(binding), answer.Encode());
        Assert.Equal(answer.Key, MadeKeyAnswer.Open(_response, binding, wire).Key);
        return json;
    }

    private static (JsonObject Json, byte[] Wire) SelfSealed(string label, SecretKey identity, byte[] binding, SecretKey made)
    {
        using var identitySecret = identity.Export();
        using var secret = made.Export();
        var (json, wire) = Derived("self-seal " + label, identitySecret.Span.ToArray(), "KeyMeld/v1/self-seal", Aad.SelfSeal(binding), secret.Span.ToArray());
        Assert.True(SelfSeal.TryOpen(identity, binding, wire, out var opened));
        opened.Dispose();
        return (json, wire);
    }

    private JsonObject Call(string method, string authority, string target, byte[] body)
    {
        var nonce = Story.Id($"http nonce {authority}");
        var digest = RequestAuthorization.Digest(method, authority, target, body, Story.Created, nonce);
        var (signed, signature) = Signature($"http {authority}", story.Auths[0], digest);
        var header = new RequestAuthorization(story.Auths[0].XOnlyPublicKey, Story.Created, nonce, signature).ToString();
        Assert.True(RequestAuthorization.TryParse(header, out var read) && read.Verify(method, authority, target, body));
        return new JsonObject
        {
            ["method"] = method,
            ["authority"] = authority,
            ["target"] = target,
            ["body"] = Hex(body),
            ["ts"] = Story.Created,
            ["nonce"] = nonce.ToString(),
            ["digest"] = digest.ToString(),
            ["signed"] = signed,
            ["header"] = header,
        };
    }
}
