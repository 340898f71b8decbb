using System.Security.Cryptography;
using System.Text.Json;
using KeyMeld.Protocol.Groups;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Keys;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Tests.Protocol;

/// <summary>Section "single_key" of the protocol vectors. Its envelopes and answers are checked with all others.</summary>
public class SingleKeyVectorTests
{
    private static readonly JsonElement Section = ProtocolVectors.Root.GetProperty("single_key");

    [Fact]
    public void Key_statements_have_the_binding_and_hash_of_the_vectors()
    {
        var key = Signed.ParseKey(Section.Statement("statement"));
        Assert.Equal(Section.Text("key_hash"), key.Hash.ToString());
        Assert.Equal(Section.Text("binding"), Convert.ToHexStringLower(SingleKeyBinding.Of(key.Value)));
        Assert.Equal(Hash32.Sha256(Section.Hex("import.wire")), key.Value.Envelope);
        var made = Signed.ParseKey(Section.Statement("made.statement"));
        Assert.Equal(Section.Text("made.key_hash"), made.Hash.ToString());
        Assert.Equal(Section.Text("made.binding"), Convert.ToHexStringLower(SingleKeyBinding.Of(made.Value)));
        Assert.Equal((KeySource.Made, null), (made.Value.Source, made.Value.Envelope));
        Assert.Equal(key.Hash, Signed.Parse<KeyErase>(Section.Statement("erase"), key.Value.Auth).Value.Key);
    }

    [Fact]
    public void Single_signs_commit_to_their_blobs_and_the_signatures_verify()
    {
        var key = Signed.ParseKey(Section.Statement("statement"));
        var cases = Section.GetProperty("sign").EnumerateArray().ToArray();
        Assert.Equal(["bip340 none", "bip340 bip86", "bip340 root", "ecdsa none"], cases.Select(one => $"{one.Text("algorithm")} {(one.Text("tweak").StartsWith("h'", StringComparison.Ordinal) ? "root" : one.Text("tweak"))}"));
        foreach (var one in cases)
        {
            var statement = Signed.Parse<SingleSign>(one.Statement("statement"), key.Value.Auth).Value;
            Assert.Equal(key.Hash, statement.Key);
            Assert.Equal(Hash32.Sha256(one.Hex("blob.wire")), statement.Sealed);
            using var blob = SingleSignBlob.Parse(one.Hex("blob.plaintext"));
            Assert.Equal(one.Text("message"), blob.Message.ToString());
            Assert.Equal(one.Text("answer.response_secret"), Convert.ToHexStringLower(blob.Response.Span));
            Assert.True(Verifies(statement.Algorithm, blob, Section.Public("public"), one.Hex("signature")), one.Text("tweak"));
        }
    }

    private static bool Verifies(SingleSignAlgorithm algorithm, SingleSignBlob blob, PublicKey key, byte[] signature)
    {
        if (algorithm == SingleSignAlgorithm.Ecdsa)
        {
            var point = new byte[PublicKey.UncompressedSize];
            key.WriteUncompressed(point);
            using var ecdsa = ECDsa.Create(new ECParameters { Curve = ECCurve.CreateFromFriendlyName("secp256k1"), Q = new ECPoint { X = point[1..33], Y = point[33..] } });
            return ecdsa.VerifyHash(blob.Message.Bytes, signature, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        }
        var output = blob.Tweak switch
        {
            SingleTweak.None => key.ToXOnly(),
            SingleTweak.Bip86 => key.ToXOnly().WithTweak(TweakChains.TapTweak(key.ToXOnly(), null).Bytes).ToXOnly(),
            SingleTweak.Root root => key.ToXOnly().WithTweak(TweakChains.TapTweak(key.ToXOnly(), root.Value).Bytes).ToXOnly(),
            _ => throw new InvalidOperationException("Unknown tweak."),
        };
        return output.Verify(blob.Message.Bytes, SchnorrSignature.Parse(signature));
    }
}
